import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProtocolId } from '../../src/core/extras.ts'

/** A request as it reached the upstream. */
export interface SeenRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An answer in one piece. */
export interface WholeScript {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A stream of server-sent events, and what happens to it on the way. */
export interface StreamScript {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The data of each event. */
  readonly events: readonly string[]
  /** Whether the events have names, as Anthropic's and those of Responses do. */
  readonly isNamed?: boolean
  /** How the bytes are cut: as whole events, or so many at a time. */
  readonly bytesAtOnce?: number
  readonly lineEnd?: '\n' | '\r\n' | '\r'
  /** Before the event of this number, or after the last one, nothing more comes. */
  readonly stallAt?: number
  /** Before the event of this number, or after the last one, the connection is cut. */
  readonly resetAt?: number
  /** Of the event of this number half is sent, and the stream ends as if that were all. */
  readonly halfAt?: number
  /** In place of the event of this number this text is sent as its data. */
  readonly garbledAt?: { readonly event: number; readonly data: string }
}

/** What an upstream does with a request: a script, or anything at all. */
export type Script = WholeScript | StreamScript | ((response: ServerResponse, request: SeenRequest) => unknown)

/** An upstream on a loopback port, over real sockets. */
export interface ScriptedUpstream extends AsyncDisposable {
  readonly origin: string
  /** What was asked so far. */
  readonly seen: readonly SeenRequest[]
  /** The bytes of all requests that arrived, their heads too. */
  readonly receivedBytes: number
  /** The connections that are open. */
  readonly connections: number
  /** The connections that there ever were. */
  readonly everConnected: number
  /** Settles when so many requests have arrived. */
  asked(count: number): Promise<void>
  /** Settles when no connection is open any more. */
  disconnected(): Promise<void>
}

/** Starts an upstream that answers the first request with the first script, and all further ones with the last. */
export async function startUpstream(...scripts: readonly [Script, ...Script[]]): Promise<ScriptedUpstream> {
  const seen: SeenRequest[] = []
  const sockets = new Set<Socket>()
  const changes = new EventTarget()
  const changed = () => changes.dispatchEvent(new Event('change'))
  let closedBytes = 0
  let everConnected = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const pieces: Buffer[] = []
    request.on('data', piece => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const asked = { method, path: url, headers, body: Buffer.concat(pieces).toString() }
      seen.push(asked)
      changed()
      const script = scripts[Math.min(seen.length, scripts.length) - 1] ?? scripts[0]
      void play(script, response, asked)
    })
  })
  server.on('connection', socket => {
    everConnected += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      closedBytes += socket.bytesRead
      changed()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await once(changes, 'change')
  }
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get receivedBytes() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesRead, closedBytes)
    },
    get connections() {
      return sockets.size
    },
    get everConnected() {
      return everConnected
    },
    asked: count => until(() => seen.length >= count),
    disconnected: () => until(() => sockets.size === 0),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Does with a request what a script says. */
export async function play(script: Script, response: ServerResponse, request: SeenRequest): Promise<void> {
  if (typeof script === 'function') {
    await script(response, request)
  } else if ('events' in script) {
    await playStream(script, response)
  } else {
    const { status = 200, headers = {}, body = {} } = script
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
  }
}

async function playStream(script: StreamScript, response: ServerResponse): Promise<void> {
  const { status = 200, headers = {}, events, stallAt, resetAt } = script
  response.writeHead(status, { 'content-type': 'text/event-stream', ...headers })
  response.flushHeaders()
  for (let at = 0; at <= events.length; at++) {
    if (at === stallAt) return
    if (at === resetAt) {
      // What is written before must have left, or the cut would swallow it.
      await delay(5)
      response.socket?.resetAndDestroy()
      return
    }
    const data = events[at]
    if (data !== undefined && at === script.halfAt) {
      const whole = frame(script, at, data)
      response.end(whole.subarray(0, Math.ceil(whole.length / 2)))
      return
    }
    if (data !== undefined) await write(response, frame(script, at, data), script.bytesAtOnce)
  }
  response.end()
}

function frame({ isNamed = false, lineEnd = '\n', garbledAt }: StreamScript, at: number, data: string): Buffer {
  // A kept stream writes comments as they are.
  if (data.startsWith(':')) return Buffer.from(`${data}${lineEnd}${lineEnd}`)
  const said = garbledAt?.event === at ? garbledAt.data : data
  const name = isNamed ? `event: ${typeOf(data)}${lineEnd}` : ''
  return Buffer.from(`${name}data: ${said}${lineEnd}${lineEnd}`)
}

function typeOf(data: string): string {
  const { type } = JSON.parse(data) as { readonly type?: string }
  return type ?? 'message'
}

async function write(response: ServerResponse, bytes: Buffer, bytesAtOnce = bytes.length): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += bytesAtOnce) {
    response.write(bytes.subarray(at, at + bytesAtOnce))
    // Each piece is to be a packet of its own.
    if (bytesAtOnce < bytes.length) await new Promise(resolve => setImmediate(resolve))
  }
}

const fixtures = new URL('../fixtures/', import.meta.url)

/** Gives a kept stream of an upstream, one event each, ready to be played. */
export async function keptStream(protocol: ProtocolId, name: string): Promise<StreamScript> {
  const text = await readFile(new URL(`${protocol}/${name}.chunks.txt`, fixtures), 'utf8')
  const events = text.split('\n').filter(line => line !== '')
  return { events, isNamed: protocol !== 'openai-chat' }
}

/** Gives the names of all kept streams of a protocol. */
export async function keptStreams(protocol: ProtocolId): Promise<readonly string[]> {
  const files = await readdir(new URL(`${protocol}/`, fixtures))
  return files.filter(file => file.endsWith('.chunks.txt')).map(file => file.replace('.chunks.txt', ''))
}

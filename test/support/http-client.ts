import { once } from 'node:events'
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Ask {
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  /** Sent as it is where it is text or bytes, and as JSON otherwise. */
  readonly body?: unknown
  /** Closes the connection when it is aborted. */
  readonly signal?: AbortSignal
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The body as JSON; a test knows its shape. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** Sends one request on a connection of its own and reads the whole reply. */
export async function ask(port: number, what: Ask): Promise<Reply> {
  const { response } = await open(port, what)
  const body = await text(response)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: body,
    get json() {
      return JSON.parse(body)
    },
  }
}

export interface OpenReply {
  readonly response: IncomingMessage
  readonly leave: () => void
}

/** Sends one request and gives the reply as soon as its headers are there. */
export async function open(port: number, { method = 'GET', path, headers, body, signal }: Ask): Promise<OpenReply> {
  const isJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    ...(signal && { signal }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  })
  const arrival = once(outgoing, 'response')
  outgoing.end(isJson ? JSON.stringify(body) : body)
  const [response] = (await arrival) as [IncomingMessage]
  outgoing.on('error', () => undefined)
  return { response, leave: () => outgoing.destroy() }
}

/** Posts JSON. */
export function post(port: number, path: string, body: unknown): Promise<Reply> {
  return ask(port, { method: 'POST', path, body })
}

/** The `data` of each server-sent event of a text, parsed where it is JSON. */
export function frames(stream: string): readonly { readonly event: string | undefined; readonly data: unknown }[] {
  return stream
    .split('\n\n')
    .filter(frame => frame.includes('data: '))
    .map(frame => {
      const lines = frame.split('\n')
      const event = lines.find(line => line.startsWith('event: '))?.slice('event: '.length)
      const data = lines.find(line => line.startsWith('data: '))?.slice('data: '.length) ?? ''
      return { event, data: data.startsWith('{') ? JSON.parse(data) : data }
    })
}

/** A connection that sends and shows raw bytes. */
export interface RawConnection {
  readonly socket: Socket
  readonly received: string
  /** Settles when what was received contains `part`. */
  until(part: string): Promise<string>
  /** Settles with everything received, when the server closes. */
  readonly closed: Promise<string>
}

export async function connectRaw(port: number, bytes = ''): Promise<RawConnection> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(socket, 'connect')
  let received = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  const { promise: closed, resolve } = Promise.withResolvers<string>()
  socket.once('end', () => resolve(received))
  socket.once('close', () => resolve(received))
  if (bytes !== '') socket.write(bytes)
  return {
    socket,
    get received() {
      return received
    },
    async until(part) {
      while (!received.includes(part)) await once(socket, 'data')
      return received
    },
    closed,
  }
}

/** Writes a request as text. The host is right unless `headers` name another. */
export function rawRequest(line: string, headers: readonly string[] = [], body = ''): string {
  const hasHost = headers.some(header => header.toLowerCase().startsWith('host:'))
  return [`${line} HTTP/1.1`, ...(hasHost ? [] : ['Host: localhost']), ...headers, '', body].join('\r\n')
}

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A request that reached the hub. */
export interface SeenRequest {
  readonly url: string
  readonly range: string | undefined
  readonly authorization: string | undefined
  readonly acceptEncoding: string | undefined
}

export interface FakeHub extends AsyncDisposable {
  readonly origin: string
  readonly seen: readonly SeenRequest[]
}

export type Answer = (request: IncomingMessage, response: ServerResponse, attempt: number) => void

/** Starts a hub on a loopback port. `attempt` counts the requests from one. */
export async function startFakeHub(answer: Answer): Promise<FakeHub> {
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers
    seen.push({ url: request.url ?? '', range, authorization, acceptEncoding: request.headers['accept-encoding'] })
    answer(request, response, seen.length)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export interface ServedFile {
  readonly content: Buffer
  readonly etag?: string
  /** The connection is cut after this many bytes of the body. */
  readonly cutAfter?: number
  /** The path that the client writes to: what has not arrived there is lost when the connection is cut. */
  readonly arrivesAt?: string
}

/** Answers as the hub does: whole, or from the byte that was asked for. */
export function serveFile(request: IncomingMessage, response: ServerResponse, file: ServedFile): void {
  const { content, etag = etagOf(content), cutAfter, arrivesAt } = file
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from > 0 && from >= content.length) {
    response.writeHead(416, { etag, 'content-range': `bytes */${content.length}` }).end()
    return
  }
  const body = content.subarray(from)
  const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}
  response.writeHead(from > 0 ? 206 : 200, { etag, 'content-length': body.length, ...range })
  if (cutAfter === undefined) response.end(body)
  else response.write(body.subarray(0, cutAfter), () => void cut(response, from + cutAfter, arrivesAt))
}

async function cut(response: ServerResponse, bytes: number, arrivesAt: string | undefined): Promise<void> {
  await delay(20)
  if (arrivesAt !== undefined) await arrival(arrivesAt, bytes, response)
  response.destroy()
}

async function arrival(path: string, bytes: number, response: ServerResponse): Promise<void> {
  while (!response.destroyed && (await sizeOf(path)) < bytes) await delay(5)
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** The checksum under which the hub keeps a large file, in its own notation. */
export function etagOf(content: Buffer): string {
  return `"${sha256Of(content)}"`
}

export function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

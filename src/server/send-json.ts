import { toModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { tellRoute } from './tell-answer.ts'

/** A whole reply. */
export interface JsonReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Sends a whole reply, unless one was begun or the client is gone. */
export function sendJson(exchange: Exchange, { status, headers, body }: JsonReply): void {
  send(exchange, { status, ...(headers && { headers }), bytes: Buffer.from(JSON.stringify(body)) })
}

/** Sends a whole answer as another server wrote it, unless a reply was begun or the client is gone. */
export function sendBytes(exchange: Exchange, bytes: Uint8Array): void {
  send(exchange, { status: 200, bytes })
}

function send(
  { request, response }: Exchange,
  { status, headers, bytes }: Omit<JsonReply, 'body'> & { readonly bytes: Uint8Array },
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': bytes.length,
  })
  response.end(bytes)
  // What the client still sends is read and dropped, so that it gets to read the reply.
  if (!request.complete) request.resume()
}

/** Tells of a failure in the words of the asking protocol. */
export function sendError(exchange: Exchange, error: unknown): void {
  const failure = toModelError(error)
  exchange.failure ??= failure
  const encoded = exchange.protocol.server.encodeError(failure, exchange.requestId)
  const status = failure instanceof HttpError ? failure.status : encoded.status
  tellRoute(exchange)
  sendJson(exchange, { status, headers: { ...encoded.headers }, body: encoded.body })
}

import { toModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'

/** A whole reply. */
export interface JsonReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Sends a whole reply, unless one was begun or the client is gone. */
export function sendJson({ request, response }: Exchange, { status, headers, body }: JsonReply): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
  // What the client still sends is read and dropped, so that it gets to read the reply.
  if (!request.complete) request.resume()
}

/** Tells of a failure in the words of the asking protocol. */
export function sendError(exchange: Exchange, error: unknown): void {
  const failure = toModelError(error)
  exchange.failure ??= failure
  const encoded = exchange.protocol.server.encodeError(failure, exchange.requestId)
  const status = failure instanceof HttpError ? failure.status : encoded.status
  sendJson(exchange, { status, headers: { ...encoded.headers }, body: encoded.body })
}

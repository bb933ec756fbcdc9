import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Exchanges } from './exchanges.ts'
import { HttpError } from './http-error.ts'
import type { ServerLimits } from './limits.ts'
import { sendError } from './send-json.ts'

/** How often the timeouts of requests are looked at. */
const checkEveryMs = 1000
/** After this long without a word a peer is asked whether it still exists. */
const probeAfterMs = 30_000

export interface HttpServerOptions {
  readonly limits: ServerLimits
  readonly exchanges: Exchanges
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
}

/** Makes the server that listens, with the bounds that hold before there is a request. */
export function createHttpServer({ limits, exchanges, handle }: HttpServerOptions): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.uploadTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(checkEveryMs, limits.headersTimeoutMs),
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
      noDelay: true,
      // One without it is refused in the words of the asking protocol, as one with a wrong host is.
      requireHostHeader: false,
    },
    handle,
  )
  server.maxConnections = limits.maxConnections
  server.on('connection', socket => exchanges.connect(socket))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerBrokenRequest(error, socket, exchanges))
  return server
}

/** Answers what is not HTTP, or does not come to an end. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex, exchanges: Exchanges): void {
  const failure = describe(error.code)
  const exchange = exchanges.current(socket)
  if (exchange && !exchange.response.headersSent) {
    exchange.response.setHeader('connection', 'close')
    sendError(exchange, failure)
  } else if (!exchange && socket.writable && error.code !== 'ECONNRESET') {
    socket.end(rawReply(failure))
  } else {
    socket.destroy()
  }
}

function describe(code: string | undefined): HttpError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpError(408, 'the request was not complete in time; send it faster', { kind: 'timeout' })
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpError(431, 'the request headers are larger than 16 KiB together; send fewer')
  }
  if (code === 'HPE_INVALID_EOF_STATE') {
    return new HttpError(400, 'the client left before its request was complete', { kind: 'aborted' })
  }
  return new HttpError(400, 'the request is not valid HTTP/1.1')
}

/** Without a path it is not known who asks; this body is an error to either vendor's client. */
function rawReply({ status, message }: HttpError): string {
  const error = { type: 'invalid_request_error', message, param: null, code: null }
  const body = JSON.stringify({ type: 'error', error })
  return [
    `HTTP/1.1 ${status} ${status === 408 ? 'Request Timeout' : 'Bad Request'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

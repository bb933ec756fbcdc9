import type { IncomingMessage, ServerResponse } from 'node:http'
import { ModelError } from '../core/errors.ts'
import type { ClientKey } from './client-key.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { startTrace, type AnswerTrace } from '../telemetry/observe.ts'

/** One request and its reply, from the end of the headers to the last byte. */
export interface Exchange {
  readonly requestId: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The path as sent, without query. */
  readonly path: string
  readonly query: string
  /** In whose words failures are told. */
  readonly protocol: Protocol
  /** Aborted with a `ModelError` when the client leaves or the server closes. */
  readonly signal: AbortSignal
  readonly trace: AnswerTrace
  readonly startedMs: number
  /** The key that the client presented, where it needs one. */
  key?: ClientKey
  /** The body as it came, unpacked. */
  body?: Uint8Array
  /** The route that took the request, for the log. */
  route?: string
  /** What the client was told, or would have been. */
  failure?: ModelError
  interrupt(reason: ModelError): void
}

export interface ExchangeParts extends Pick<
  Exchange,
  'requestId' | 'request' | 'response' | 'path' | 'query' | 'protocol'
> {}

/** Opens an exchange. */
export function openExchange(parts: ExchangeParts): Exchange {
  const controller = new AbortController()
  return {
    ...parts,
    signal: controller.signal,
    trace: { ...startTrace(), requestId: parts.requestId },
    startedMs: performance.now(),
    interrupt: reason => controller.abort(reason),
  }
}

/** The reason of an exchange whose client went away. */
export function clientLeft(): ModelError {
  return new ModelError('aborted', 'the client left before the answer was finished')
}

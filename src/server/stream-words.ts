import type { OpenStream } from '../protocols/protocol.ts'
import type { Exchange } from './exchange.ts'

/** What is said in a stream beside the answer. */
export type StreamWords = Pick<OpenStream, 'keepAlive' | 'fail'>

/** Gives the words of a protocol in which they are always the same. */
export function wordsOf({ protocol: { server }, requestId }: Pick<Exchange, 'protocol' | 'requestId'>): StreamWords {
  return { keepAlive: () => [server.keepAlive], fail: error => [server.encodeStreamError(error, requestId)] }
}

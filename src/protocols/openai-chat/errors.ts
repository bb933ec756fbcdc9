import type { ModelError } from '../../core/errors.ts'
import { errorObject } from '../openai-error-words.ts'
import type { SseFrame } from '../sse.ts'

/** The last frame of a stream that failed. There is no `[DONE]` after it, so no client takes the answer for whole. */
export function encodeStreamError(error: ModelError): SseFrame {
  return { data: JSON.stringify({ error: errorObject(error) }) }
}

import { decodeError } from '../openai-errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeAnswer } from './decode-response.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'

/** OpenAI's Responses, as a client speaks it. */
export const openaiResponses: Pick<Protocol, 'id' | 'client'> = {
  id: 'openai-responses',
  client: { encodeRequest, decodeStream, decodeAnswer, decodeError },
}

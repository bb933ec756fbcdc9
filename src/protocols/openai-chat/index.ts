import { encodeError } from '../openai-error-words.ts'
import { decodeError } from '../openai-errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeAnswer } from './decode-response.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeAnswer } from './encode-response.ts'
import { encodeStream, isVisible } from './encode-stream.ts'
import { encodeStreamError } from './errors.ts'

/** OpenAI's Chat Completions, as most model servers speak it. */
export const openaiChat: Protocol = {
  id: 'openai-chat',
  server: {
    decodeRequest,
    encodeStream,
    encodeAnswer,
    encodeError,
    encodeStreamError,
    isVisible,
    keepAlive: { comment: 'keep-alive' },
    responseId: unique => `chatcmpl-${unique}`,
  },
  client: { encodeRequest, decodeStream, decodeAnswer, decodeError },
}

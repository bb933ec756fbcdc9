import type { Protocol } from '../protocol.ts'
import { decodeError } from './decode-error.ts'
import { decodeCountRequest, decodeRequest } from './decode-request.ts'
import { decodeAnswer } from './decode-response.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeAnswer } from './encode-response.ts'
import { encodeStream, isVisible, keepAlive } from './encode-stream.ts'
import { encodeError, encodeStreamError } from './errors.ts'

/** The Anthropic Messages API, in its versions 2023-06-01 and 2026-10-21. */
export const anthropicMessages: Protocol = {
  id: 'anthropic-messages',
  server: {
    decodeRequest,
    decodeCountRequest,
    encodeStream,
    encodeAnswer,
    encodeError,
    encodeStreamError,
    isVisible,
    keepAlive,
    responseId: unique => `msg_${unique}`,
  },
  client: { encodeRequest, decodeStream, decodeAnswer, decodeError },
}

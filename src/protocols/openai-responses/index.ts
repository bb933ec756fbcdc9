import { encodeError } from '../openai-error-words.ts'
import { decodeError } from '../openai-errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeAnswer } from './decode-response.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeAnswer } from './encode-response.ts'
import { encodeStream, isVisible, openStream, quietly } from './encode-stream.ts'
import { encodeStreamError } from './errors.ts'
import { inputItems, referencesIn } from './recall.ts'

/** How a server that keeps responses reads requests that go on from them. */
interface Stateful {
  /** Finds what a body refers to, whatever else may be wrong with it. */
  readonly referencesIn: typeof referencesIn
  /** Reads a body with what was recalled of that. Throws `invalid-request`, naming the field. */
  readonly decodeRequest: typeof decodeRequest
  /** Gives the items of a body's input as they are kept. */
  readonly inputItems: typeof inputItems
}

/** OpenAI's Responses. */
export const openaiResponses: Protocol & { readonly stateful: Stateful } = {
  id: 'openai-responses',
  server: {
    decodeRequest: body => decodeRequest(body),
    encodeStream,
    openStream,
    encodeAnswer,
    encodeError,
    encodeStreamError,
    isVisible,
    keepAlive: quietly,
    responseId: unique => `resp_${unique}`,
  },
  stateful: { referencesIn, decodeRequest, inputItems },
  client: { encodeRequest, decodeStream, decodeAnswer, decodeError },
}

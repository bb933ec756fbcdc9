import { decodeRequest } from './decode-request.ts'
import { encodeAnswer, encodeStream, isVisible } from './encode-completion.ts'

/** OpenAI's older Completions, as a server reads and writes them. Failures are told as in Chat Completions. */
export const openaiCompletions = {
  decodeRequest,
  encodeStream,
  encodeAnswer,
  isVisible,
  responseId: (unique: string) => `cmpl-${unique}`,
} as const

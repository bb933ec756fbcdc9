import type { TokenLogprob } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import { objectIn } from '../json.ts'
import { decodeTokenLogprobs, encodeTokenLogprobs } from '../openai-logprobs.ts'
import type { ChoiceLogprobs } from './wire.ts'

export function encodeLogprobs(logprobs: readonly TokenLogprob[]): ChoiceLogprobs {
  return { content: encodeTokenLogprobs(logprobs), refusal: null }
}

/** Reads the log-probabilities of a choice. */
export function decodeLogprobs(logprobs: Json | undefined): readonly TokenLogprob[] {
  return decodeTokenLogprobs(objectIn(logprobs)?.['content'])
}

import type { TokenLogprob } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import { objectIn } from '../json.ts'
import { decodeTokenLogprobs } from '../openai-logprobs.ts'
import type { ChoiceLogprobs, LogprobEntry } from './wire.ts'

export function encodeLogprobs(logprobs: readonly TokenLogprob[]): ChoiceLogprobs {
  return { content: logprobs.map(encodeEntry), refusal: null }
}

/** Reads the log-probabilities of a choice. */
export function decodeLogprobs(logprobs: Json | undefined): readonly TokenLogprob[] {
  return decodeTokenLogprobs(objectIn(logprobs)?.['content'])
}

type Chance = Omit<TokenLogprob, 'top'>

function encodeEntry(entry: TokenLogprob): LogprobEntry {
  return { ...encodeChance(entry), top_logprobs: (entry.top ?? []).map(encodeChance) }
}

function encodeChance({ token, logprob, bytes }: Chance): Omit<LogprobEntry, 'top_logprobs'> {
  // JSON has no infinity; OpenAI too writes an impossible token as this number.
  return { token, logprob: Number.isFinite(logprob) ? logprob : -9999, bytes: bytes ?? null }
}

import type { TokenLogprob } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import { arrayIn, defined, objectIn, stringIn } from '../json.ts'
import type { ChoiceLogprobs, LogprobEntry } from './wire.ts'

export function encodeLogprobs(logprobs: readonly TokenLogprob[]): ChoiceLogprobs {
  return { content: logprobs.map(encodeEntry), refusal: null }
}

/** Reads the log-probabilities of a choice. Entries that are not of the known shape are left out. */
export function decodeLogprobs(logprobs: Json | undefined): readonly TokenLogprob[] {
  const entries = arrayIn(objectIn(logprobs)?.['content']) ?? []
  return entries.flatMap(entry => {
    const chance = decodeChance(entry)
    const top = arrayIn(objectIn(entry)?.['top_logprobs'])?.flatMap(other => decodeChance(other) ?? [])
    return chance ? [{ ...chance, ...(top && top.length > 0 && { top }) }] : []
  })
}

type Chance = Omit<TokenLogprob, 'top'>

function encodeEntry(entry: TokenLogprob): LogprobEntry {
  return { ...encodeChance(entry), top_logprobs: (entry.top ?? []).map(encodeChance) }
}

function encodeChance({ token, logprob, bytes }: Chance): Omit<LogprobEntry, 'top_logprobs'> {
  // JSON has no infinity; OpenAI too writes an impossible token as this number.
  return { token, logprob: Number.isFinite(logprob) ? logprob : -9999, bytes: bytes ?? null }
}

function decodeChance(value: Json): Chance | undefined {
  const entry = objectIn(value)
  const token = stringIn(entry?.['token'])
  const logprob = entry?.['logprob']
  if (token === undefined || typeof logprob !== 'number') return undefined
  return { token, logprob, ...defined({ bytes: bytesIn(entry?.['bytes']) }) }
}

function bytesIn(value: Json | undefined): readonly number[] | undefined {
  return arrayIn(value)?.filter(byte => typeof byte === 'number')
}

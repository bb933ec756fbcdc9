import type { TokenLogprob } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import { arrayIn, defined, objectIn, stringIn } from './json.ts'

type TokenChance = { readonly token: string; readonly logprob: number; readonly bytes: readonly number[] | null }

/** How likely a token was, and the likeliest others in its place, as OpenAI writes it. */
export type LogprobEntry = TokenChance & { readonly top_logprobs: readonly TokenChance[] }

/** Writes log-probabilities token by token. */
export function encodeTokenLogprobs(logprobs: readonly TokenLogprob[]): readonly LogprobEntry[] {
  return logprobs.map(entry => ({ ...encodeChance(entry), top_logprobs: (entry.top ?? []).map(encodeChance) }))
}

function encodeChance({ token, logprob, bytes }: Omit<TokenLogprob, 'top'>): TokenChance {
  // JSON has no infinity; OpenAI too writes an impossible token as this number.
  return { token, logprob: Number.isFinite(logprob) ? logprob : -9999, bytes: bytes ?? null }
}

/** Reads log-probabilities as OpenAI writes them, token by token. Entries that are not of the known shape are left out. */
export function decodeTokenLogprobs(entries: Json | undefined): readonly TokenLogprob[] {
  return (arrayIn(entries) ?? []).flatMap(entry => {
    const chance = decodeChance(entry)
    const top = arrayIn(objectIn(entry)?.['top_logprobs'])?.flatMap(other => decodeChance(other) ?? [])
    return chance ? [{ ...chance, ...(top && top.length > 0 && { top }) }] : []
  })
}

function decodeChance(value: Json): Omit<TokenLogprob, 'top'> | undefined {
  const entry = objectIn(value)
  const token = stringIn(entry?.['token'])
  const logprob = entry?.['logprob']
  if (token === undefined || typeof logprob !== 'number') return undefined
  return { token, logprob, ...defined({ bytes: bytesIn(entry?.['bytes']) }) }
}

function bytesIn(value: Json | undefined): readonly number[] | undefined {
  return arrayIn(value)?.filter(byte => typeof byte === 'number')
}

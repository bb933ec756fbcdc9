import type { TokenLogprob } from '../../core/events.ts'
import type { TextLogprobs } from './wire.ts'

/** Writes the log-probabilities of one text, piece by piece. */
export interface LogprobWriter {
  /** Takes the next piece, with the tokens that begin in it. */
  write(text: string, tokens: readonly TokenLogprob[]): TextLogprobs
}

/** Makes a writer. `beginsText`: nothing comes before the first token, so that none could be likelier than another. */
export function createLogprobWriter({ beginsText }: { readonly beginsText: boolean }): LogprobWriter {
  let letters = 0
  let isFirst = beginsText
  return {
    write: (text, tokens) => {
      const start = letters
      letters += lengthOf(text)
      const offsets = placesOf(tokens).map(place => Math.min(start + place, letters))
      const unknown = isFirst && tokens.length > 0 ? 1 : 0
      if (unknown > 0) isFirst = false
      return {
        tokens: tokens.map(spell),
        token_logprobs: tokens.map(({ logprob }, index) => (index < unknown ? null : finite(logprob))),
        top_logprobs: tokens.map((token, index) => (index < unknown ? null : topOf(token))),
        text_offset: offsets,
      }
    },
  }
}

/** Puts the pieces of one text together. */
export function joinLogprobs(pieces: readonly TextLogprobs[]): TextLogprobs {
  return {
    tokens: pieces.flatMap(({ tokens }) => tokens),
    token_logprobs: pieces.flatMap(piece => piece.token_logprobs),
    top_logprobs: pieces.flatMap(piece => piece.top_logprobs),
    text_offset: pieces.flatMap(piece => piece.text_offset),
  }
}

type Chance = Omit<TokenLogprob, 'top'>

/* The token that was taken is told among the likeliest, too. */
function topOf({ top = [], ...taken }: TokenLogprob): Readonly<Record<string, number>> {
  return Object.fromEntries([...top, taken].map(each => [spell(each), finite(each.logprob)]))
}

/** Where each token begins. Those that are a part of a character begin where it does. */
function placesOf(tokens: readonly Chance[]): readonly number[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let place = 0
  return tokens.map(token => {
    const begins = place
    place += lengthOf(decoder.decode(bytesOf(token), { stream: true }))
    return begins
  })
}

const encoder = new TextEncoder()

function bytesOf({ token, bytes }: Chance): Uint8Array {
  return bytes ? Uint8Array.from(bytes) : encoder.encode(token)
}

/* A part of a character is written as OpenAI does: `bytes:\xe6\x97`. */
function spell({ token, bytes }: Chance): string {
  if (!bytes || !token.includes('\uFFFD')) return token
  const isText = encoder.encode(token).join() === bytes.join()
  return isText ? token : `bytes:${bytes.map(byte => String.raw`\x${byte.toString(16).padStart(2, '0')}`).join('')}`
}

function lengthOf(text: string): number {
  let letters = 0
  for (const _ of text) letters += 1
  return letters
}

/* JSON has no infinity; OpenAI too writes an impossible token as this number. */
function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : -9999
}

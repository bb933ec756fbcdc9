import type { TokenLogprob } from '../../core/events.ts'
import { createTextDecoder } from './text-decoder.ts'
import type { TokenMeter } from './token-meter.ts'

/** How a prompt is repeated. */
export interface EchoedPrompt {
  readonly text: string
  /** How many of the first tokens are not in the text. */
  readonly lead: number
}

export interface EchoMeans {
  readonly tokens: Uint32Array
  readonly meter: TokenMeter
  /** Spells tokens, control tokens too. */
  readonly spell: (tokens: Uint32Array) => string
}

/** A piece of a repeated prompt, and the tokens that begin in it. */
export interface EchoPiece {
  readonly text: string
  readonly logprobs: readonly TokenLogprob[]
}

/** Repeats a prompt as it is read, with how likely each of its tokens was after those before it. */
export interface PromptEcho {
  /** Takes the places of the logits of the prompt's next tokens; gives what these tokens say. */
  measure(logits: readonly number[]): Promise<readonly EchoPiece[]>
}

/** Makes the echo of one prompt, from its beginning on. */
export function createPromptEcho({ text, lead }: EchoedPrompt, { tokens, meter, spell }: EchoMeans): PromptEcho {
  const decoder = createTextDecoder({
    detokenize: some => spell(Uint32Array.from(some)),
    before: Array.from(tokens.subarray(0, lead)),
  })
  let [at, letters] = [0, 0]
  let next = meter.name(tokens[0] ?? 0, 0)
  // Some tokenizers do not spell a text as it was written; what they leave over belongs to the last piece.
  const textOf = (some: Uint32Array): string => {
    const from = letters
    for (const token of some) letters += decoder.push(token).length
    return at === tokens.length ? text.slice(from) : text.slice(from, letters)
  }
  return {
    measure: async logits => {
      const [from, measured] = [at, []] as [number, TokenLogprob[]]
      for (const place of logits) {
        measured.push(next)
        at += 1
        const token = tokens[at]
        if (token !== undefined) next = await meter.measure(place, token)
      }
      const unwritten = Math.min(measured.length, Math.max(0, lead - from))
      const written = { text: textOf(tokens.subarray(from + unwritten, at)), logprobs: measured.slice(unwritten) }
      return [{ text: '', logprobs: measured.slice(0, unwritten) }, written].filter(
        piece => piece.logprobs.length > 0 || piece.text !== '',
      )
    },
  }
}

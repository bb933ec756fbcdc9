/** Turns tokens into text as they come, whole characters at a time. */
export interface TextDecoder {
  /** Gives what a token adds to the text: nothing while a character is still in pieces. */
  push(token: number): string
  /** Gives what is left at the end. The pieces of an unfinished character are dropped. */
  end(): string
}

const replacement = '\uFFFD'

/* A character has at most four bytes, so at most four tokens; what is still broken after eight never was one. */
const mostPieces = 8

/** Where and how tokens are decoded. */
export interface Spelling {
  readonly detokenize: (tokens: readonly number[]) => string
  /** The tokens before the first one. */
  readonly before: readonly number[]
  /** Control tokens that are shown, which others are not. */
  readonly markers?: ReadonlyMap<number, string>
}

/**
 * Decodes after a prompt. Some tokenizers spell a token differently at the start of a text,
 * so a few tokens of what came before are decoded along and cut off again.
 */
export function createTextDecoder({ detokenize, before, markers }: Spelling): TextDecoder {
  let shown: readonly number[] = before
  let pending: number[] = []

  const spell = (): string => detokenize([...shown, ...pending]).slice(detokenize(shown).length)
  const settle = (text: string): string => {
    shown = [...shown, ...pending].slice(-mostPieces)
    pending = []
    return text
  }
  const end = (): string => {
    const text = pending.length === 0 ? '' : spell()
    return settle(text.endsWith(replacement) ? text.replace(/\uFFFD+$/, '') : text)
  }
  return {
    push: token => {
      const marker = markers?.get(token)
      if (marker !== undefined) {
        const rest = end()
        shown = [token]
        return rest + marker
      }
      pending.push(token)
      const text = spell()
      const isBroken = text.endsWith(replacement) && pending.length < mostPieces
      return isBroken ? '' : settle(text)
    },
    end,
  }
}

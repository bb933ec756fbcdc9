/** Measures where the tokens of a prompt are in its text. */
export interface PromptRuler {
  /** How many tokens there are up to a letter. */
  tokensBefore(letter: number): number
  /** The letter at which a token begins. */
  letterOf(token: number): number
}

/* Spelling all that comes before a token took as long as the prompt was, for each token that was looked at. */
const stretch = 512

/* The longest letter is four bytes, each of which may be a token. */
const context = 4

/**
 * Makes a ruler for tokens and the length of their text. A prompt may begin with a token that its text lacks, so
 * letters are measured from the end of what both have.
 */
export function createPromptRuler(
  tokens: Uint32Array,
  letters: number,
  spell: (tokens: Uint32Array) => string,
): PromptRuler {
  /** How many letters there are from one token to another. Both are spelled after the same tokens, as in the whole. */
  const lettersBetween = (from: number, to: number): number => {
    const start = Math.max(0, from - context)
    return spell(tokens.subarray(start, to)).length - spell(tokens.subarray(start, from)).length
  }
  const beginnings = [0]
  for (let from = 0; from < tokens.length; from += stretch)
    beginnings.push((beginnings.at(-1) ?? 0) + lettersBetween(from, Math.min(from + stretch, tokens.length)))
  const surplus = (beginnings.at(-1) ?? 0) - letters
  const letterOf = (token: number): number => {
    const at = Math.floor(token / stretch)
    return (beginnings[at] ?? 0) + lettersBetween(at * stretch, token) - surplus
  }
  return {
    letterOf,
    tokensBefore: letter => {
      let [least, most] = [0, tokens.length]
      while (least < most) {
        const middle = Math.ceil((least + most) / 2)
        if (letterOf(middle) <= letter) least = middle
        else most = middle - 1
      }
      return least
    },
  }
}

/** Turns rendered prompts into tokens. */
export type Tokenize = (text: string) => Uint32Array

/** How many special tokens the native tokenizer is given at once. */
const mostSpecials = 64

/*
 * llama.cpp finds special tokens one after another in ever more pieces of the text, which takes quadratic time:
 * a hundred thousand of them in one megabyte took a minute, in which nothing else was answered.
 * Each piece here begins with a special token, where the native tokenizer would have cut as well.
 */

/** Makes a tokenizer whose time grows with the text alone. `specials` are the texts of the special tokens. */
export function createPromptTokenizer(tokenize: Tokenize, specials: readonly string[]): Tokenize {
  const pattern = matchAny(specials)
  if (!pattern) return tokenize
  return text => {
    const pieces = cut(text, pattern)
    return pieces.length === 1 ? tokenize(text) : joinTokens(pieces.map(tokenize))
  }
}

/**
 * Makes a tokenizer for text in which nothing is a control token. `tokenize` is to read words, and finds those of the
 * special tokens that are `inWords` all the same; where control tokens are among them, their texts are cut in two.
 */
export function createWordTokenizer(
  tokenize: Tokenize,
  { inWords, control }: { readonly inWords: readonly string[]; readonly control: readonly string[] },
): Tokenize {
  const read = createPromptTokenizer(tokenize, inWords)
  const found = new Set(inWords)
  const pattern = matchAny(control.filter(text => found.has(text)))
  if (!pattern) return read
  const beginnings = new RegExp(`(?=(${pattern.source}))[^]`, 'gu')
  return text => {
    const places = new Set([0])
    for (const { 1: word = '', index } of text.matchAll(beginnings)) places.add(index + lettersBefore(word))
    const cuts = Array.from(places).toSorted((a, b) => a - b)
    return joinTokens(cuts.map((place, at) => read(text.slice(place, cuts[at + 1]))))
  }
}

/* Between signs and letters the native tokenizer cuts as well, so the halves become what a model would write. */
function lettersBefore(word: string): number {
  const [start = ''] = /^[^\p{L}\p{N}]+(?=.)|^./su.exec(word) ?? []
  return start.length
}

/** Finds any of some texts; undefined where there are none. The longest comes first, since the first that fits is taken. */
export function matchAny(specials: readonly string[]): RegExp | undefined {
  const texts = specials.filter(text => text !== '').toSorted((a, b) => b.length - a.length)
  return texts.length === 0 ? undefined : new RegExp(texts.map(text => RegExp.escape(text)).join('|'), 'g')
}

function cut(text: string, pattern: RegExp): readonly string[] {
  const pieces: string[] = []
  let [start, found] = [0, 0]
  for (const { index } of text.matchAll(pattern)) {
    found += 1
    if (found % mostSpecials !== 0 || index === start) continue
    pieces.push(text.slice(start, index))
    start = index
  }
  pieces.push(text.slice(start))
  return pieces
}

/** Puts tokens one after another, however many: a spread of a long prompt's would not fit on the stack. */
export function joinTokens(parts: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

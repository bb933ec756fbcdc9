/** Turns text into tokens. */
export type Tokenize = (text: string) => Uint32Array

/** Turns text into tokens, a piece after the other, so that other work can go on between two of them. */
export type TokenizePieces = (text: string) => Iterable<Uint32Array>

/** What is known of a vocabulary that says where a text can be cut. */
export interface Cuts {
  /** The texts of the special tokens. */
  readonly specials: readonly string[]
  /** Whether lines can be read one after the other. */
  readonly breaksAtLines: boolean
}

/** How many special tokens the native tokenizer is given at once. */
const mostSpecials = 64

/* How many letters it is given at once, where it can be helped: it takes a few milliseconds for them. */
const manyLetters = 8192

/*
 * llama.cpp finds special tokens one after another in ever more pieces of the text, which takes quadratic time:
 * a hundred thousand of them in one megabyte took a minute, in which nothing else was answered.
 * Each piece here begins with a special token or a line, where the native tokenizer would have cut as well.
 */

/** Makes a tokenizer whose time grows with the text alone, and which gives the tokens of the whole text in pieces. */
export function createPromptTokenizer(tokenize: Tokenize, { specials, breaksAtLines }: Cuts): TokenizePieces {
  const pattern = matchAny(specials)
  return function* (text) {
    for (const piece of pattern ? cutAtSpecials(text, pattern) : [text]) {
      for (const lines of breaksAtLines ? cutAtLines(piece) : [piece]) yield tokenize(lines)
    }
  }
}

/**
 * Makes a tokenizer for text in which nothing is a control token. `tokenize` is to read words. Where it finds `specials`
 * all the same, and control tokens are among them, their texts are cut in two.
 */
export function createWordTokenizer(
  tokenize: Tokenize,
  { control, ...cuts }: Cuts & { readonly control: readonly string[] },
): TokenizePieces {
  const read = createPromptTokenizer(tokenize, cuts)
  const found = new Set(cuts.specials)
  const pattern = matchAny(control.filter(text => found.has(text)))
  if (!pattern) return read
  const beginnings = new RegExp(`(?=(${pattern.source}))[^]`, 'gu')
  return function* (text) {
    const places = new Set([0])
    for (const { 1: word = '', index } of text.matchAll(beginnings)) places.add(index + lettersBefore(word))
    const starts = Array.from(places).toSorted((a, b) => a - b)
    for (const [at, start] of starts.entries()) yield* read(text.slice(start, starts[at + 1]))
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

function* cutAtSpecials(text: string, pattern: RegExp): Generator<string> {
  let [start, found] = [0, 0]
  for (const { index } of text.matchAll(pattern)) {
    found += 1
    if (index === start || (found < mostSpecials && index - start < manyLetters)) continue
    yield text.slice(start, index)
    ;[start, found] = [index, 0]
  }
  yield text.slice(start)
}

/* Of several line ends in a row some tokenizers make one token, and some another where nothing follows. */
const newLine = /(?<=\S)\n(?=[!-~])/g

function* cutAtLines(text: string): Generator<string> {
  let start = 0
  for (const { index } of text.length > manyLetters ? text.matchAll(newLine) : []) {
    if (index - start < manyLetters) continue
    yield text.slice(start, index + 1)
    start = index + 1
  }
  yield text.slice(start)
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

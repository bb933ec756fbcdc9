import { matchAny } from './prompt-tokenizer.ts'

/** A stretch of a prompt's text. */
export interface PromptPiece {
  readonly text: string
  /** Whether nothing in it is a control token, whatever it says. */
  readonly isWords: boolean
}

/** A prompt's text, and how it is to be read. */
export interface PromptText {
  readonly text: string
  readonly pieces: readonly PromptPiece[]
}

/** Marks texts in which control tokens are spelled out, but for those named in `except`. */
export type MarkWords = (text: string, except?: readonly string[]) => string

/**
 * Tells the control tokens that a template writes from words of the request that say the same. The words are marked
 * before a template sees them, and are known by their marks wherever the template puts them.
 */
export interface ControlWords {
  readonly mark: MarkWords
  /** Takes the marks out of a rendered text. */
  read(marked: string): PromptText
}

/* Unicode sets this character apart for what no text says. Where a text has it all the same, it is marked as well. */
const sign = '\uFDD0'
const signs = new RegExp(`${sign}(${sign}?)`, 'g')

/** Tells apart the words that spell one of `texts`. A single character is no word. */
export function createControlWords(texts: readonly string[]): ControlWords {
  const words = texts.filter(text => Array.from(text).length > 1)
  const pattern = matchAny(words)
  const mark = createMark(words)
  return {
    mark,
    read: marked => {
      if (!marked.includes(sign)) return { text: marked, pieces: [{ text: marked, isWords: false }] }
      const pieces = cut(marked, pattern)
      return { text: pieces.map(({ text }) => text).join(''), pieces }
    },
  }
}

/*
 * Templates put signs of their own around some of what they are given, as in `<name>` and `</name>`. So a text that
 * these would make a control word of is marked as well.
 */
function createMark(words: readonly string[]): MarkWords {
  const tags = words.map(word => word.replace(/^<\//, '<'))
  const [whole, closing, opening, within] = [
    anyOf(words),
    anyOf(words.map(word => word.slice(0, -1))),
    anyOf([...words, ...tags].map(word => word.slice(1))),
    anyOf([...words, ...tags].map(word => word.slice(1, -1))),
  ]
  const suspicious = [closing, `^(?:${opening})`, `^(?:${within})$`, sign].map(source => new RegExp(source))
  // Words may overlap, so each is looked for at every letter, and marked after its first one.
  const first = new RegExp(`(?=(${whole})|(?:${closing})$)[^]|^(?=${opening}|(?:${within})$)[^]|${sign}`, 'gu')
  return (text, except = []) => {
    if (!suspicious.some(found => found.test(text))) return text
    return text.replace(first, (letter, word: unknown) =>
      typeof word === 'string' && except.includes(word) ? letter : letter + sign,
    )
  }
}

function anyOf(texts: readonly string[]): string {
  return matchAny(texts)?.source ?? '(?!)'
}

/* The native tokenizer cuts at control tokens as well, so what lies between two of them can be read by itself. */
function cut(marked: string, pattern: RegExp | undefined): readonly PromptPiece[] {
  const pieces: PromptPiece[] = []
  let [start, end] = [0, 0]
  const take = (from: number, to: number): void => {
    const between = marked.slice(end, from)
    if (between.includes(sign)) {
      pieces.push({ text: marked.slice(start, end), isWords: false }, { text: withoutMarks(between), isWords: true })
      start = from
    }
    end = to
  }
  for (const { 0: word, index } of pattern ? marked.matchAll(pattern) : []) take(index, index + word.length)
  take(marked.length, marked.length)
  return [...pieces, { text: marked.slice(start), isWords: false }].filter(({ text }) => text !== '')
}

function withoutMarks(text: string): string {
  return text.replaceAll(signs, '$1')
}

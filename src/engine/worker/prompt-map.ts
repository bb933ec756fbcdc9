import type { PromptPart } from '../prompt-parts.ts'
import { createPromptRuler } from './prompt-ruler.ts'

/** A beginning of a prompt that the client wants to be kept. */
export interface Mark {
  readonly tokens: number
  readonly keepForMs: number
}

/** Where the blocks of a request are among the tokens of its prompt. */
export interface PromptMap {
  /** The beginnings to be kept, shortest first. */
  readonly marks: readonly Mark[]
  /** How many tokens come before the first message: the system prompt and the tools, where the template begins with them. */
  headTokens(): number
  /** How many tokens there are up to the end of the last message. What a template adds to have it answered comes after. */
  askedTokens(): number
  /** The block that a token lies in, or that begins next after it. */
  placeOf(token: number): string
}

export interface PromptToMap {
  readonly text: string
  readonly tokens: Uint32Array
  readonly parts: readonly PromptPart[]
  /** How long the whole prompt is to be kept, with or without breakpoints. */
  readonly keepAllForMs?: number | undefined
}

/** A prompt cache keeps at most as many breakpoints as its most demanding protocol lets a client set. */
const mostMarks = 4

/**
 * Finds a request's blocks in its rendered prompt. Blocks are looked for in order, and a template may trim them or put
 * anything around them; one that it rewrites is not found, and counts as a part of what surrounds it.
 */
export function mapPrompt(prompt: PromptToMap, spell: (tokens: Uint32Array) => string): PromptMap {
  const { text, tokens, parts, keepAllForMs } = prompt
  const ruler = createPromptRuler(tokens, text.length, spell)
  const located = locate(text, parts)
  const ends = runningEnds(located)
  const marks = located.flatMap(({ part }, index) =>
    part.keepForMs === undefined ? [] : [{ tokens: ruler.tokensBefore(ends[index] ?? 0), keepForMs: part.keepForMs }],
  )
  const all = keepAllForMs === undefined ? marks : [...marks, { tokens: tokens.length, keepForMs: keepAllForMs }]
  return {
    marks: all.filter(mark => mark.tokens > 0).slice(-mostMarks),
    headTokens: () => ruler.tokensBefore(located.find(isMessage)?.start ?? 0),
    askedTokens: () => withoutEnd(tokens, { letters: text.length - (located.findLast(isMessage)?.end ?? 0), spell }),
    placeOf: token => placeAt(located, ruler.letterOf(token)),
  }
}

function isMessage({ part, start, end }: Located): boolean {
  return part.place.startsWith('messages.') && end > start
}

interface Located {
  readonly part: PromptPart
  readonly start: number
  readonly end: number
}

function locate(text: string, parts: readonly PromptPart[]): readonly Located[] {
  let blocksFrom = 0
  let toolsFrom = 0
  return parts.map(part => {
    const from = part.isTool ? toolsFrom : blocksFrom
    const start = part.length === 0 ? -1 : text.indexOf(part.head, from)
    if (start < 0) return { part, start: from, end: from }
    const end = endOf(text, part, start)
    if (part.isTool) toolsFrom = end
    else blocksFrom = end
    return { part, start, end }
  })
}

function endOf(text: string, { tail, length }: PromptPart, start: number): number {
  const end = start + length
  if (text.startsWith(tail, end - tail.length)) return end
  const found = text.indexOf(tail, start)
  return found < 0 ? start : found + tail.length
}

/* A breakpoint keeps everything that comes before it in a cache's order, wherever the template put it. */
function runningEnds(located: readonly Located[]): readonly number[] {
  let furthest = 0
  return located.map(({ end }) => (furthest = Math.max(furthest, end)))
}

function placeAt(located: readonly Located[], letter: number): string {
  const inside = located.find(({ start, end }) => start <= letter && letter < end)
  const next = located
    .filter(({ start, end }) => start > letter && end > start)
    .toSorted((a, b) => a.start - b.start)[0]
  return (inside ?? next)?.part.place ?? 'the end of the prompt'
}

/* Longer than any template's words before an answer. */
const longestEnd = 64

/* Single tokens are spelled a letter off at most, and the end of a long prompt is near. */
function withoutEnd(
  tokens: Uint32Array,
  { letters, spell }: { letters: number; spell: (tokens: Uint32Array) => string },
): number {
  let spelled = 0
  for (let at = tokens.length; at > Math.max(0, tokens.length - longestEnd); at--) {
    if (spelled >= letters) return at
    spelled += spell(tokens.subarray(at - 1, at)).length
  }
  return tokens.length
}

import type { CacheBreakpoint, ContentBlock } from '../core/content.ts'
import type { ModelRequest } from '../core/request.ts'

/** A block of a request, as it can be found again in a rendered prompt. */
export interface PromptPart {
  /** Where in the request it is, such as `messages.2.content.0`. */
  readonly place: string
  /** Tools stand wherever the template puts them; the others follow each other. */
  readonly isTool: boolean
  /** The first and the last of its text, and the length of all of it, without white space around. */
  readonly head: string
  readonly tail: string
  readonly length: number
  /** How long what ends with this block is to be kept, where the client says so. */
  readonly keepForMs?: number
}

/* Long enough to be found, short enough that a prompt is not sent twice. */
const letters = 96

/** Lists the blocks of a request, in the order in which a prompt cache reads them: tools, system, messages. */
export function partsOf({ tools = [], system, messages }: ModelRequest): readonly PromptPart[] {
  return [
    ...tools.map(({ name, cache }, index) => ({
      ...partOf(`tools.${index}`, JSON.stringify(name), cache),
      isTool: true,
    })),
    ...system.flatMap((block, index) => blockParts(`system.${index}`, block)),
    ...messages.flatMap(({ content }, turn) =>
      content.flatMap((block, index) => blockParts(`messages.${turn}.content.${index}`, block)),
    ),
  ]
}

function blockParts(place: string, block: ContentBlock): readonly PromptPart[] {
  const texts = textsOf(block).filter(text => text.trim() !== '')
  // A block without a text of its own still may carry a breakpoint; it ends where the one before it ends.
  if (texts.length === 0) return block.cache ? [partOf(place, '', block.cache)] : []
  return texts.map((text, index) => partOf(place, text, index === texts.length - 1 ? block.cache : undefined))
}

function textsOf(block: ContentBlock): readonly string[] {
  switch (block.type) {
    case 'text':
      return [block.text]
    case 'document':
      if (block.source.type === 'text') return [block.source.text]
      return block.source.type === 'blocks' ? block.source.blocks.flatMap(textsOf) : []
    case 'search-result':
    case 'tool-result':
      return block.content.flatMap(textsOf)
    // The template spells the arguments in its own way; the name is there as it is.
    case 'tool-call':
      return [block.name]
    case 'thinking':
    case 'redacted-thinking':
    case 'image':
    case 'opaque':
      return []
  }
}

function partOf(place: string, text: string, cache: CacheBreakpoint | undefined): PromptPart {
  const trimmed = text.trim()
  return {
    place,
    isTool: false,
    head: trimmed.slice(0, letters),
    tail: trimmed.slice(-letters),
    length: trimmed.length,
    ...(cache && { keepForMs: keepForMs(cache) }),
  }
}

const minuteMs = 60_000

/** How long an unnamed breakpoint is kept, and how long the other one. */
export const fiveMinutesMs: number = 5 * minuteMs
export const oneHourMs: number = 60 * minuteMs

/** How long what a breakpoint marks is to be kept. */
export function keepForMs({ ttl }: CacheBreakpoint): number {
  return ttl === '1h' ? oneHourMs : fiveMinutesMs
}

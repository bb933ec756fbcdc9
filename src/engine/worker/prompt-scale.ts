import type { ChatPrompt } from '../chat-prompt.ts'
import { createInTurn } from './in-turn.ts'

/** Finds prompts that are far too long, without keeping other work waiting. */
export interface PromptScale {
  /**
   * Gives about how many tokens a prompt has, where they are surely more than `most`; undefined where it is to be
   * drawn and tokenized to know. What is beyond `most` is estimated by its length: nobody is to pay for reading it.
   */
  excess(prompt: Pick<ChatPrompt, 'messages' | 'prefill' | 'tools'>): Promise<number | undefined>
}

export interface PromptScaleOptions {
  readonly most: number
  readonly count: (text: string) => number
  /** Lets other work go on. */
  readonly pause: () => Promise<void>
}

/*
 * Nothing interrupts a template or the native tokenizer, and they read a megabyte or two in a second: one prompt of
 * thirty megabytes kept every answer waiting until the gateway took the process for dead. A megabyte is worth no
 * second reading.
 */
const weighedLetters = 1024 * 1024

const pieceLetters = 32 * 1024

/** Makes a scale. Long prompts are read piece by piece, one prompt after the other. */
export function createPromptScale(options: PromptScaleOptions): PromptScale {
  const inTurn = createInTurn()
  return {
    excess: async prompt => {
      const text = wordsOf(prompt)
      if (text.length <= weighedLetters) return undefined
      return inTurn(() => weigh(text, options))
    },
  }
}

/** What a prompt says, without what the model's template puts around it. */
function wordsOf({ messages, prefill, tools }: Parameters<PromptScale['excess']>[0]): string {
  const turns = messages.flatMap(({ content, toolCalls = [] }) => [content, ...toolCalls.map(({ input }) => input)])
  return [...(tools ? [JSON.stringify(tools)] : []), ...turns, prefill].filter(text => text !== '').join('\n')
}

async function weigh(text: string, { most, count, pause }: PromptScaleOptions): Promise<number | undefined> {
  let tokens = 0
  for (let start = 0, end = 0; start < text.length; start = end) {
    await pause()
    end = endOfPiece(text, start)
    tokens += count(text.slice(start, end))
    if (tokens > most) return Math.ceil((tokens * text.length) / Math.min(end, text.length))
  }
  return undefined
}

/* A letter of two code units stays whole. */
function endOfPiece(text: string, start: number): number {
  const end = start + pieceLetters
  const isSplit = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(end) & 0xfc00) === 0xdc00
  return isSplit ? end - 1 : end
}

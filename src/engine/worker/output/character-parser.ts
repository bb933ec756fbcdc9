import type { OutputEvent, ToolSchemas } from './output-event.ts'

/** What a place in an answer belongs to: `call` begins right after an opening marker. */
export type Place = 'text' | 'thinking' | 'call'

export interface ParserOptions {
  /** The tools that may be called. Without any, calls are text. */
  readonly tools: ToolSchemas
  /** What the prompt has already opened. */
  readonly begins?: 'thinking' | 'text'
}

/** A parser that takes a character at a time, which makes the cutting of the text irrelevant. */
export interface CharacterParser {
  readonly place: Place
  /** Whether a call has been opened, and nothing of it been read. */
  readonly isAtCallStart: boolean
  /** Whether words are shown as they are, rather than being reasoning or about the answer. */
  readonly isShowing: boolean
  take(char: string): readonly OutputEvent[]
  /** Gives what was held back. `isMeant`: the model ended here, and was not cut off. */
  end(isMeant: boolean): readonly OutputEvent[]
}

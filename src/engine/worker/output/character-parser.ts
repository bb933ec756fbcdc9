import type { OutputEvent, ToolSchemas } from './output-event.ts'

/** What a place in an answer belongs to: `call` begins right after an opening marker. */
export type Place = 'text' | 'thinking' | 'call'

export interface ParserOptions {
  /** The tools that may be called. Without any, calls are text. */
  readonly tools: ToolSchemas
  /** What the prompt has already opened. */
  readonly begins?: 'thinking' | 'text'
  /** Whether the answer is calls and nothing else: what is cut off before it says one is no text. */
  readonly mustCall?: boolean
}

/** A call as its opening tells it; `name` where that says which tool is called. */
export interface OpenedCall {
  readonly name?: string
}

/** A parser that takes a character at a time, which makes the cutting of the text irrelevant. */
export interface CharacterParser {
  readonly place: Place
  /** The call that has been opened, and of which nothing has been read. */
  readonly opened: OpenedCall | undefined
  /** Whether words are shown as they are, rather than being reasoning or about the answer. */
  readonly isShowing: boolean
  take(char: string): readonly OutputEvent[]
  /**
   * Gives what was held back. `isMeant`: the model ended here, and was not cut off.
   * Of a call that was cut off before its arguments began, nothing is shown.
   */
  end(isMeant: boolean): readonly OutputEvent[]
}

/** A step that read prompts. */
export interface ReadingStep {
  readonly tokens: number
  readonly milliseconds: number
  /** How many prompts there are to be read. */
  readonly reading: number
  /** How many answers waited for their next token. */
  readonly writing: number
}

/** Shares the time between answers being written and prompts being read, in steps that take turns. */
export interface Pace {
  /** Whether the answers had their part of the time, so that the next step is for prompts. */
  readonly isPromptsTurn: boolean
  /** Prompt tokens for the next step that reads, while so many answers are being written, of prompts so long in all. */
  room(writing: number, promptTokens: number): number
  /** Notes that another prompt is to be read. */
  begin(): void
  /** Notes a step that wrote on so many answers. */
  wrote(answers: number, milliseconds: number): void
  /** Notes a step that read prompts while answers waited for their next token. */
  read(step: ReadingStep): void
}

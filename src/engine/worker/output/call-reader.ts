import type { OutputEvent } from './output-event.ts'

/** What became of one character of a call. */
export interface Reading {
  /**
   * `done`: the call ends with this character. `over`: it ended before, and the character is not part of it.
   * `refused`: this is no call; nothing was said of it, and its text is to be shown as text.
   */
  readonly status: 'reading' | 'done' | 'over' | 'refused'
  readonly events: readonly OutputEvent[]
}

/** Reads the calls that follow one opening marker, a character at a time. */
export interface CallReader {
  take(char: string): Reading
  /**
   * Takes the end of the text. A call that only lacks its ends is mended where the model meant to end;
   * what was cut off in the middle is left as it is, and does not parse.
   */
  end(isMeant: boolean): Reading
}

export const refused: Reading = { status: 'refused', events: [] }

export function reading(...events: readonly OutputEvent[]): Reading {
  return { status: 'reading', events }
}

export function done(...events: readonly OutputEvent[]): Reading {
  return { status: 'done', events }
}

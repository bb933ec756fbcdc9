import type { CharacterParser, OpenedCall, ParserOptions, Place } from './character-parser.ts'
import { HarmonyParser } from './harmony-parser.ts'
import { joinEvents } from './output-event.ts'
import type { OutputEvent } from './output-event.ts'
import type { OutputFormat } from './output-format.ts'
import { TaggedParser } from './tagged-parser.ts'

/** Tells reasoning, text and calls of tools apart in an answer that comes in pieces, however it is cut. */
export interface OutputParser {
  /** What the text belongs to so far. */
  readonly place: Place
  /** The call that has been opened, and of which nothing has been read. */
  readonly opened: OpenedCall | undefined
  /** Where in the last piece what is shown began after something else; undefined where it did not. */
  readonly shownFrom: number | undefined
  push(text: string): readonly OutputEvent[]
  /** Gives what was held back. `isMeant`: the model ended here, and was not cut off. */
  end(isMeant: boolean): readonly OutputEvent[]
}

/** Makes a parser for one answer in a family's format. */
export function createOutputParser(format: OutputFormat, options: ParserOptions): OutputParser {
  const parser: CharacterParser =
    format.type === 'harmony' ? new HarmonyParser(options) : new TaggedParser(format, options)
  let shownFrom: number | undefined
  const take = (char: string, index: number): readonly OutputEvent[] => {
    const wasShowing = parser.isShowing
    const events = parser.take(char)
    // What turns out to be text after all was there before this character.
    const isAfterAll = events.some(({ type }) => type === 'text')
    if (parser.isShowing && !wasShowing && !isAfterAll) shownFrom = index + 1
    return events
  }
  return {
    get place() {
      return parser.place
    },
    get opened() {
      return parser.opened
    },
    get shownFrom() {
      return shownFrom
    },
    push: text => {
      shownFrom = undefined
      // Single units, not code points: a piece may end between the halves of one.
      return joinEvents(text.split('').flatMap(take))
    },
    end: isMeant => joinEvents(parser.end(isMeant)),
  }
}

import type { CharacterParser, ParserOptions, Place } from './character-parser.ts'
import { HarmonyParser } from './harmony-parser.ts'
import { joinEvents } from './output-event.ts'
import type { OutputEvent } from './output-event.ts'
import type { OutputFormat } from './output-format.ts'
import { TaggedParser } from './tagged-parser.ts'

/** Tells reasoning, text and calls of tools apart in an answer that comes in pieces, however it is cut. */
export interface OutputParser {
  /** What the text belongs to so far. */
  readonly place: Place
  /** Whether a call has been opened, and nothing of it been read. */
  readonly isAtCallStart: boolean
  push(text: string): readonly OutputEvent[]
  /** Gives what was held back. `isMeant`: the model ended here, and was not cut off. */
  end(isMeant: boolean): readonly OutputEvent[]
}

/** Makes a parser for one answer in a family's format. */
export function createOutputParser(format: OutputFormat, options: ParserOptions): OutputParser {
  const parser: CharacterParser =
    format.type === 'harmony' ? new HarmonyParser(options) : new TaggedParser(format, options)
  return {
    get place() {
      return parser.place
    },
    get isAtCallStart() {
      return parser.isAtCallStart
    },
    // Single units, not code points: a piece may end between the halves of one.
    push: text => joinEvents(text.split('').flatMap(char => parser.take(char))),
    end: isMeant => joinEvents(parser.end(isMeant)),
  }
}

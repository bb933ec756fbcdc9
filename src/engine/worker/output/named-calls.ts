import { CallArguments } from './call-arguments.ts'
import { done, reading, refused } from './call-reader.ts'
import type { CallReader, Reading } from './call-reader.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { ToolSchemas } from './output-event.ts'

const mostNameLength = 256

/** Reads `look[ARGS]{"at":1}`, with or without a call's id between them, as later Mistral models write calls. */
export class NamedCall implements CallReader {
  readonly #watch = new MarkerWatch(['[CALL_ID]', '[ARGS]', '{'])
  readonly #tools: ToolSchemas
  #arguments: CallArguments | undefined
  #name: string | undefined
  #text = ''

  constructor(tools: ToolSchemas) {
    this.#tools = tools
  }

  take(char: string): Reading {
    if (this.#arguments) return this.#argue(char, this.#arguments)
    const { released, marker } = this.#watch.take(char)
    this.#text += released
    if (this.#text.length > mostNameLength) return refused
    if (marker === undefined) return reading()
    // The name comes first; what follows it up to the arguments is the call's id.
    this.#name ??= this.#text.trim()
    this.#text = ''
    if (!this.#tools.has(this.#name)) return refused
    if (marker !== '{') return reading()
    this.#arguments = new CallArguments({ name: this.#name, tools: this.#tools })
    return this.#argue(marker, this.#arguments)
  }

  end(isMeant: boolean): Reading {
    const { status, events } = this.#arguments?.end(isMeant) ?? refused
    return status === 'refused' ? refused : done(...events)
  }

  #argue(char: string, written: CallArguments): Reading {
    const { status, events } = written.take(char)
    return { status: status === 'closed' ? 'done' : status, events }
  }
}

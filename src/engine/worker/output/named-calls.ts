import { CallArguments } from './call-arguments.ts'
import { reading, refused } from './call-reader.ts'
import type { CallReader, Reading } from './call-reader.ts'
import { MarkerWatch } from './marker-watch.ts'

const mostNameLength = 256
const toolName = /^[\w.:-]+$/

/** Reads `look[ARGS]{"at":1}`, with or without a call's id between them, as later Mistral models write calls. */
export class NamedCall implements CallReader {
  readonly #watch = new MarkerWatch(['[CALL_ID]', '[ARGS]', '{'])
  readonly #arguments = new CallArguments()
  #name: string | undefined
  #text = ''
  #isSaid = false

  take(char: string): Reading {
    if (this.#isSaid) return this.#argue(char)
    const { released, marker } = this.#watch.take(char)
    this.#text += released
    if (this.#text.length > mostNameLength) return refused
    if (marker === undefined) return reading()
    // The name comes first; what follows it up to the arguments is the call's id.
    this.#name ??= this.#text.trim()
    this.#text = ''
    if (!toolName.test(this.#name)) return refused
    return marker === '{' ? this.#start(this.#name) : reading()
  }

  end(isMeant: boolean): Reading {
    return this.#isSaid ? { status: 'done', events: this.#arguments.end(isMeant) } : refused
  }

  #start(name: string): Reading {
    this.#isSaid = true
    return reading({ type: 'call-start', name }, ...this.#arguments.take('{').events)
  }

  #argue(char: string): Reading {
    const { status, events } = this.#arguments.take(char)
    return { status: status === 'closed' ? 'done' : status, events }
  }
}

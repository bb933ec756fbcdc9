import { JsonCopier } from './json-copier.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'
import { mayLackArguments } from './tool-schema.ts'

export interface ArgumentsRead {
  /**
   * `done`: they end with this character. `over`: they ended before it, by the beginning of a closing marker.
   * `closed`: the closing marker was read as well. `refused`: there are none, and the tool demands some.
   */
  readonly status: 'reading' | 'done' | 'over' | 'closed' | 'refused'
  readonly events: readonly OutputEvent[]
}

export interface ArgumentsOptions {
  readonly name: string
  readonly tools: ToolSchemas
  /** The marker that closes the call. */
  readonly close?: string
}

const refused: ArgumentsRead = { status: 'refused', events: [] }

/**
 * Streams a call whose name is known, from the opening brace of its arguments on.
 * The call is told once something stands behind the brace: what breaks off before that may not have meant `{}`.
 * Once arguments are no JSON they are shown as they come, up to the closing marker.
 */
export class CallArguments {
  readonly #options: ArgumentsOptions
  readonly #copier = new JsonCopier()
  #lost: MarkerWatch | undefined
  #unsaid = ''
  #isSaid = false

  constructor(options: ArgumentsOptions) {
    this.#options = options
  }

  get isSaid(): boolean {
    return this.#isSaid
  }

  /** What was written and is not told yet. */
  get unsaid(): string {
    return this.#unsaid
  }

  take(char: string): ArgumentsRead {
    if (this.#lost) return this.#passOn(char, this.#lost)
    const { close } = this.#options
    // Outside of strings JSON has no use for the character that a marker begins with.
    if (char === close?.[0] && !this.#copier.isInString) {
      const closing = this.#copier.closing()
      if (closing !== undefined) return this.#mend(closing)
    }
    const { status, text } = this.#copier.take(char)
    if (status === 'done' || status === 'beyond') return { status: 'done', events: [...this.#say(text), callEnd] }
    if (status === 'taken') return { status: 'reading', events: this.#say(text) }
    this.#lost = new MarkerWatch(close === undefined ? [] : [close])
    return this.#passOn(text, this.#lost)
  }

  end(isMeant: boolean): ArgumentsRead {
    if (!this.#isSaid) return isMeant ? this.#mend(this.#unsaid === '' ? '{}' : '}') : refused
    const rest = this.#lost?.end() ?? (isMeant ? this.#copier.closing() : undefined) ?? this.#copier.held
    return { status: 'over', events: [...this.#say(rest), callEnd] }
  }

  #mend(closing: string): ArgumentsRead {
    const { name, tools } = this.#options
    if (!this.#isSaid && !mayLackArguments(name, tools)) return refused
    return { status: 'over', events: [...this.#say(closing), callEnd] }
  }

  #passOn(text: string, watch: MarkerWatch): ArgumentsRead {
    const events: OutputEvent[] = []
    for (const char of text) {
      const { released, marker } = watch.take(char)
      events.push(...this.#say(released))
      if (marker !== undefined) return { status: 'closed', events: [...events, callEnd] }
    }
    return { status: 'reading', events }
  }

  #say(json: string): readonly OutputEvent[] {
    if (this.#isSaid) return json === '' ? [] : [{ type: 'call-arguments', json }]
    this.#unsaid += json
    if (/^\{?\s*$/.test(this.#unsaid)) return []
    this.#isSaid = true
    return [
      { type: 'call-start', name: this.#options.name },
      { type: 'call-arguments', json: this.#unsaid },
    ]
  }
}

const callEnd: OutputEvent = { type: 'call-end' }

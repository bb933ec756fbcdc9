import { JsonCopier } from './json-copier.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { OutputEvent } from './output-event.ts'

export interface ArgumentsRead {
  /**
   * `done`: they end with this character. `over`: they ended before it, by the beginning of a closing marker.
   * `closed`: the closing marker was read as well.
   */
  readonly status: 'reading' | 'done' | 'over' | 'closed'
  readonly events: readonly OutputEvent[]
}

/**
 * Streams the arguments of a call whose name is known, from the opening brace on, and ends the call.
 * Once they are no JSON they are shown as they come, up to the closing marker.
 */
export class CallArguments {
  readonly #copier = new JsonCopier()
  readonly #close: string | undefined
  #lost: MarkerWatch | undefined

  constructor(close?: string) {
    this.#close = close
  }

  take(char: string): ArgumentsRead {
    if (this.#lost) return this.#passOn(char, this.#lost)
    // Outside of strings JSON has no use for the character that a marker begins with.
    if (char === this.#close?.[0] && !this.#copier.isInString) {
      const closing = this.#copier.closing()
      if (closing !== undefined) return { status: 'over', events: [...pieces(closing), { type: 'call-end' }] }
    }
    const { status, text } = this.#copier.take(char)
    if (status === 'done' || status === 'beyond') {
      return { status: 'done', events: [...pieces(text), { type: 'call-end' }] }
    }
    if (status === 'taken') return { status: 'reading', events: pieces(text) }
    this.#lost = new MarkerWatch(this.#close === undefined ? [] : [this.#close])
    return this.#passOn(text, this.#lost)
  }

  end(isMeant: boolean): readonly OutputEvent[] {
    const rest = this.#lost?.end() ?? (isMeant ? this.#copier.closing() : undefined) ?? this.#copier.held
    return [...pieces(rest), { type: 'call-end' }]
  }

  #passOn(text: string, watch: MarkerWatch): ArgumentsRead {
    const events: OutputEvent[] = []
    for (const char of text) {
      const { released, marker } = watch.take(char)
      events.push(...pieces(released))
      if (marker !== undefined) return { status: 'closed', events: [...events, { type: 'call-end' }] }
    }
    return { status: 'reading', events }
  }
}

function pieces(json: string): OutputEvent[] {
  return json === '' ? [] : [{ type: 'call-arguments', json }]
}

import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import { conform } from '../grammar/conform.ts'
import { wholeCall } from './output/output-event.ts'
import type { OutputEvent } from './output/output-event.ts'

/** A schema that was promised, and that the grammar does not wholly keep. */
export interface CheckedSchema {
  /** The request's field that holds it. */
  readonly field: string
  readonly schema: JsonObject
}

/** What is checked once it is written: the arguments of calls, by the tool's name, and the text. */
export interface Checks {
  readonly calls: ReadonlyMap<string, CheckedSchema>
  readonly text?: CheckedSchema
}

interface HeldCall extends CheckedSchema {
  readonly name: string
  json: string
}

/**
 * Holds back what a grammar could not hold to its schema until it is whole, mends it where it can be mended,
 * and notes a loss where it still does not match. What was cut off is told as far as it goes.
 */
export class CheckedOutput {
  readonly #checks: Checks
  readonly #holdsText: boolean
  readonly #losses: Loss[] = []
  #call: HeldCall | undefined
  #text = ''

  /** `holdsText`: whether text that is checked may be told later, and mended. */
  constructor(checks: Checks, { holdsText }: { holdsText: boolean }) {
    this.#checks = checks
    this.#holdsText = holdsText
  }

  get losses(): readonly Loss[] {
    return this.#losses
  }

  /** Takes what was said next; gives what may be told. */
  pass(said: readonly OutputEvent[], isCut = false): readonly OutputEvent[] {
    return said.flatMap(event => this.#take(event, isCut))
  }

  /** Takes what was said last; gives that and all that was held back. */
  end(said: readonly OutputEvent[], isCut: boolean): readonly OutputEvent[] {
    return [...this.pass(said, isCut), ...this.#releaseText(isCut)]
  }

  #take(event: OutputEvent, isCut: boolean): readonly OutputEvent[] {
    switch (event.type) {
      case 'thinking':
        return [event]
      case 'text':
        if (!this.#checks.text) return [event]
        this.#text += event.text
        return this.#holdsText ? [] : [event]
      case 'call-start':
        return [...this.#releaseText(isCut), ...this.#open(event)]
      case 'call-arguments':
        if (!this.#call) return [event]
        this.#call.json += event.json
        return []
      case 'call-end':
        return this.#call ? this.#close(this.#call, isCut) : [event]
    }
  }

  #open(event: Extract<OutputEvent, { type: 'call-start' }>): readonly OutputEvent[] {
    const check = this.#checks.calls.get(event.name)
    if (!check) return [event]
    this.#call = { ...check, name: event.name, json: '' }
    return []
  }

  #close({ name, json, ...check }: HeldCall, isCut: boolean): readonly OutputEvent[] {
    this.#call = undefined
    if (isCut) return wholeCall(name, json)
    const { json: told, fault } = conform(json, check.schema)
    this.#note(check, `the arguments of '${name}'`, fault)
    return wholeCall(name, told)
  }

  #releaseText(isCut: boolean): readonly OutputEvent[] {
    const text = this.#text
    const { text: check } = this.#checks
    this.#text = ''
    if (!check || text === '') return []
    const { json, fault } = isCut ? { json: text } : conform(text, check.schema)
    if (this.#holdsText) {
      this.#note(check, 'the answer', fault)
      return [{ type: 'text', text: json }]
    }
    this.#note(check, 'the answer', json === text ? fault : 'would have had to be mended')
    return []
  }

  #note({ field }: CheckedSchema, subject: string, fault: string | undefined): void {
    if (fault === undefined) return
    this.#losses.push({ field, action: 'degraded', why: `${subject} ${fault}` })
  }
}

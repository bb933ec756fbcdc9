import { CallArguments } from './call-arguments.ts'
import { done, reading, refused } from './call-reader.ts'
import type { CallReader, Reading } from './call-reader.ts'
import { JsonCopier } from './json-copier.ts'
import { MarkerWatch } from './marker-watch.ts'
import { salvageCalls } from './salvage-calls.ts'
import { mayLackArguments } from './tool-schema.ts'
import { wholeCall } from './output-event.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'

export interface JsonCallsOptions {
  readonly tools: ToolSchemas
  /** Whether an object whose first key is none of a call's is plain text at once. */
  readonly isBare: boolean
  /** The marker that closes the calls. */
  readonly close?: string
}

type Phase = 'start' | 'key' | 'colon' | 'value' | 'copying' | 'arguments' | 'between'

const space = /\s/
const mostSalvaged = 100_000
const argumentKeys: ReadonlySet<string> = new Set(['arguments', 'parameters', 'args', 'input'])

/**
 * Reads calls that are written as JSON: `{"name": …, "arguments": {…}}`, one, several after each other, or a list.
 * The arguments stream as soon as the name is known; an object without a name is no call.
 */
export class JsonCalls implements CallReader {
  readonly #options: JsonCallsOptions
  #phase: Phase = 'start'
  #raw = ''
  #salvaged: MarkerWatch | undefined
  #isList = false
  #hasCalls = false
  #nesting = 0
  #key = ''
  #copier = new JsonCopier()
  #copied = ''
  #name: string | undefined
  #early: string | undefined
  #arguments: CallArguments | undefined

  constructor(options: JsonCallsOptions) {
    this.#options = options
  }

  take(char: string): Reading {
    const step = this.#salvaged ? this.#gather(char, this.#salvaged) : this.#step(char)
    const read = step.status === 'refused' ? this.#salvage(char) : step
    if (read.status === 'reading') this.#raw += char
    return read
  }

  /** What was meant as a call and is no JSON may still be made out once it is whole. */
  #salvage(char: string): Reading {
    const { close } = this.#options
    if (this.#salvaged || close === undefined || !/^\s*[{[]/.test(this.#raw)) return refused
    this.#salvaged = new MarkerWatch([close])
    return this.#gather(char, this.#salvaged)
  }

  #gather(char: string, watch: MarkerWatch): Reading {
    const { marker } = watch.take(char)
    if (marker === undefined) return this.#raw.length < mostSalvaged ? reading() : refused
    const written = (this.#raw + char).slice(0, -marker.length)
    const events = salvageCalls(written, this.#options.tools)
    return events ? done(...events) : refused
  }

  #step(char: string): Reading {
    switch (this.#phase) {
      case 'copying':
        return this.#copy(char)
      case 'arguments':
        return this.#arguments ? this.#argue(char, this.#arguments) : refused
      case 'between':
        return this.#next(char)
      case 'start':
        return this.#begin(char)
      case 'key':
        return this.#readKey(char)
      case 'colon':
        return this.#readColon(char)
      case 'value':
        return this.#readValue(char)
    }
  }

  end(isMeant: boolean): Reading {
    if (this.#salvaged) return refused
    if (this.#phase === 'arguments') return this.#endArguments(isMeant)
    if (this.#phase === 'between' || this.#isSaid) return done()
    const isWhole = isMeant && this.#phase === 'key' && this.#name !== undefined
    return isWhole ? this.#finish() : this.#breakOff(isMeant)
  }

  #endArguments(isMeant: boolean): Reading {
    const { status, events } = this.#arguments?.end(isMeant) ?? refused
    return status === 'refused' ? this.#breakOff(isMeant) : done(...events)
  }

  #breakOff(isMeant: boolean): Reading {
    return isMeant || !this.#hasCalls ? this.#refuse() : done()
  }

  get #isSaid(): boolean {
    return this.#arguments?.isSaid ?? false
  }

  #begin(char: string): Reading {
    if (space.test(char)) return reading()
    if (char === '[' && !this.#isList && !this.#hasCalls) this.#isList = true
    else if (char === '{') this.#phase = 'key'
    else return this.#refuse()
    return reading()
  }

  #readKey(char: string): Reading {
    if (char === '}') return this.#closeObject()
    if (char === '"') return this.#startCopy('"', '')
    return space.test(char) || char === ',' ? reading() : this.#refuse()
  }

  #readColon(char: string): Reading {
    if (char === ':') this.#phase = 'value'
    return char === ':' || space.test(char) ? reading() : this.#refuse()
  }

  #readValue(char: string): Reading {
    if (space.test(char)) return reading()
    if (this.#key === 'function' && char === '{') {
      this.#nesting += 1
      this.#phase = 'key'
      return reading()
    }
    if (!argumentKeys.has(this.#key) || char !== '{' || this.#name === undefined || this.#isSaid) {
      return this.#startCopy(char, this.#key)
    }
    this.#phase = 'arguments'
    this.#arguments = new CallArguments({ ...this.#options, name: this.#name })
    return this.#argue(char, this.#arguments)
  }

  #startCopy(char: string, key: string): Reading {
    this.#key = key
    this.#phase = 'copying'
    this.#copier = new JsonCopier()
    this.#copied = ''
    return this.#copy(char)
  }

  #copy(char: string): Reading {
    const { status, text } = this.#copier.take(char)
    this.#copied += text
    if (status === 'taken') return reading()
    if (status === 'broken') return this.#refuse()
    const isAccepted = this.#accept(this.#copied)
    if (!isAccepted) return this.#refuse()
    return status === 'beyond' ? this.#step(char) : reading()
  }

  /** Takes a whole key or value; false where it makes the object no call. */
  #accept(json: string): boolean {
    const value: unknown = JSON.parse(json)
    if (this.#key === '') {
      this.#phase = 'colon'
      this.#key = String(value)
      return this.#hasCalls || !this.#options.isBare || this.#isCallKey()
    }
    this.#phase = 'key'
    if ((this.#key === 'name' || this.#key === 'function') && typeof value === 'string') {
      this.#name = value
      return this.#options.tools.has(value)
    }
    if (argumentKeys.has(this.#key)) this.#early = toObjectText(json, value)
    return true
  }

  #isCallKey(): boolean {
    return ['name', 'function', 'type', 'id'].includes(this.#key) || argumentKeys.has(this.#key)
  }

  #argue(char: string, written: CallArguments): Reading {
    const { status, events } = written.take(char)
    if (status === 'refused') return this.#refuse()
    if (status === 'over') return { status, events }
    if (status === 'closed') return done(...events)
    if (status === 'done') this.#phase = 'key'
    return reading(...events)
  }

  #closeObject(): Reading {
    if (this.#nesting === 0) return this.#finish()
    this.#nesting -= 1
    return reading()
  }

  /** Ends one object of the calls. */
  #finish(): Reading {
    const events = this.#isSaid ? [] : this.#sayWhole()
    if (!events) return this.#refuse()
    this.#phase = 'between'
    this.#hasCalls = true
    this.#name = undefined
    this.#early = undefined
    this.#arguments = undefined
    return reading(...events)
  }

  #sayWhole(): readonly OutputEvent[] | undefined {
    if (this.#name === undefined) return undefined
    if (this.#early !== undefined) return wholeCall(this.#name, this.#early)
    return mayLackArguments(this.#name, this.#options.tools) ? wholeCall(this.#name, '{}') : undefined
  }

  #next(char: string): Reading {
    if (char === ']' && this.#isList) return done()
    if (char === '{') {
      this.#phase = 'key'
      this.#raw = ''
      return reading()
    }
    return space.test(char) || char === ',' || char === ';' ? reading() : { status: 'over', events: [] }
  }

  /* An object after the first call that is none itself is text. */
  #refuse(): Reading {
    if (this.#isSaid) return { status: 'over', events: [] }
    return this.#hasCalls ? { status: 'over', events: [{ type: 'text', text: this.#raw }] } : refused
  }
}

/** Arguments as an object's JSON text, unpacked from a string if need be; undefined for what is no object. */
function toObjectText(json: string, value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return json
  if (typeof value !== 'string') return undefined
  try {
    const inner: unknown = JSON.parse(value)
    return typeof inner === 'object' ? toObjectText(value, inner) : undefined
  } catch {
    return undefined
  }
}

import { CallArguments } from './call-arguments.ts'
import { done, reading, refused } from './call-reader.ts'
import type { CallReader, Reading } from './call-reader.ts'
import { MarkerWatch } from './marker-watch.ts'
import { mayLackArguments, toTypedJson } from './tool-schema.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'

/** How a family writes a call whose parameters are elements of their own. */
export interface ParameterSyntax {
  /** What stands before the tool's name; the reader expects it where the opening marker did not bring it. */
  readonly beforeName: string
  readonly afterName: readonly string[]
  readonly beforeKey: string
  readonly afterKey: string
  readonly beforeValue: string
  readonly afterValue: string
  readonly close: string
}

/** `<function=look><parameter=at>1</parameter></function>`, as Qwen coder models write calls. */
const functionElements: ParameterSyntax = {
  beforeName: '<function=',
  afterName: ['>'],
  beforeKey: '<parameter=',
  afterKey: '>',
  beforeValue: '',
  afterValue: '</parameter>',
  close: '</function>',
}

/** `<invoke name="look"><parameter name="at">1</parameter></invoke>`, as MiniMax models write calls. */
const invokeElements: ParameterSyntax = {
  beforeName: '<invoke name="',
  afterName: ['">'],
  beforeKey: '<parameter name="',
  afterKey: '">',
  beforeValue: '',
  afterValue: '</parameter>',
  close: '</invoke>',
}

/** How calls are written whose elements all begin with a bracket: which it is, the first element says. */
export const elementSyntaxes: readonly [ParameterSyntax, ...ParameterSyntax[]] = [functionElements, invokeElements]

/** `look<arg_key>at</arg_key><arg_value>1</arg_value></tool_call>`, as GLM models write calls. */
export const argumentPairs: ParameterSyntax = {
  beforeName: '',
  afterName: ['\n', '<arg_key>', '</tool_call>'],
  beforeKey: '<arg_key>',
  afterKey: '</arg_key>',
  beforeValue: '<arg_value>',
  afterValue: '</arg_value>',
  close: '</tool_call>',
}

type Phase = 'before-name' | 'name' | 'body' | 'key' | 'before-value' | 'value' | 'json' | 'close'

const mostNameLength = 256

/** Reads one call whose parameters are elements. Each parameter is said once it is whole, typed by the tool's schema. */
export class ParameterCall implements CallReader {
  readonly #syntaxes: readonly ParameterSyntax[]
  readonly #tools: ToolSchemas
  #syntax: ParameterSyntax
  #phase: Phase
  #watch: MarkerWatch
  #text = ''
  #name = ''
  #key = ''
  #isSaid = false
  #arguments: CallArguments | undefined

  /** Reads a call in one of several syntaxes, which what stands before the tool's name tells apart. */
  constructor(syntaxes: readonly [ParameterSyntax, ...ParameterSyntax[]], tools: ToolSchemas) {
    const [first] = syntaxes
    this.#syntaxes = syntaxes
    this.#syntax = first
    this.#tools = tools
    this.#phase = first.beforeName === '' ? 'name' : 'before-name'
    this.#watch = new MarkerWatch(
      first.beforeName === '' ? first.afterName : syntaxes.map(({ beforeName }) => beforeName),
    )
  }

  take(char: string): Reading {
    if (this.#arguments && this.#phase === 'json') return this.#argue(char, this.#arguments)
    if (this.#phase === 'body' && char === '{' && !this.#isSaid) return this.#startJson(char)
    const { released, marker } = this.#watch.take(char)
    this.#text += released
    if (marker !== undefined) return this.#reach(marker)
    return this.#mayGoOn() ? reading() : this.#stop()
  }

  end(isMeant: boolean): Reading {
    if (this.#arguments && this.#phase === 'json') {
      const { status, events } = this.#arguments.end(isMeant)
      return status === 'refused' ? refused : done(...events)
    }
    if (this.#phase === 'close') return done()
    if (this.#phase === 'body') return isMeant ? this.#finish() : this.#cut('')
    if (this.#phase === 'value') return this.#cut(this.#partialValue())
    return this.#isSaid ? this.#cut('') : refused
  }

  #reach(marker: string): Reading {
    const text = this.#text
    this.#text = ''
    switch (this.#phase) {
      case 'before-name':
        this.#syntax = this.#syntaxes.find(({ beforeName }) => beforeName === marker) ?? this.#syntax
        return this.#go('name', ...this.#syntax.afterName)
      case 'name':
        return this.#startCall(text.trim(), marker)
      case 'body':
        return marker === this.#syntax.close ? this.#finish() : this.#go('key', this.#syntax.afterKey)
      case 'key':
        this.#key = text.trim()
        return this.#syntax.beforeValue === ''
          ? this.#go('value', this.#syntax.afterValue)
          : this.#go('before-value', this.#syntax.beforeValue)
      case 'before-value':
        return this.#go('value', this.#syntax.afterValue)
      case 'value':
        return this.#sayParameter(text)
      case 'close':
      case 'json':
        return done()
    }
  }

  #go(phase: Phase, ...markers: readonly string[]): Reading {
    this.#phase = phase
    this.#watch = new MarkerWatch(markers)
    return reading()
  }

  #startCall(name: string, marker: string): Reading {
    if (!this.#tools.has(name)) return refused
    this.#name = name
    this.#go('body', this.#syntax.beforeKey, this.#syntax.close)
    if (marker === this.#syntax.close) return this.#finish()
    return marker === this.#syntax.beforeKey ? this.#go('key', this.#syntax.afterKey) : reading()
  }

  #startJson(char: string): Reading {
    this.#phase = 'json'
    this.#arguments = new CallArguments({ name: this.#name, tools: this.#tools, close: this.#syntax.close })
    return this.#argue(char, this.#arguments)
  }

  #argue(char: string, written: CallArguments): Reading {
    const { status, events } = written.take(char)
    if (status === 'refused') return refused
    if (status === 'reading') return reading(...events)
    if (status === 'closed') return done(...events)
    this.#go('close', this.#syntax.close)
    const next = status === 'over' ? this.take(char) : reading()
    return { status: next.status, events: [...events, ...next.events] }
  }

  #sayParameter(text: string): Reading {
    this.#go('body', this.#syntax.beforeKey, this.#syntax.close)
    const value = toTypedJson(withoutOwnLines(text), { name: this.#name, key: this.#key, tools: this.#tools })
    return reading(...this.#open(), { type: 'call-arguments', json: `${JSON.stringify(this.#key)}:${value}` })
  }

  /** What stands before the next parameter. */
  #open(): readonly OutputEvent[] {
    if (this.#isSaid) return [{ type: 'call-arguments', json: ',' }]
    this.#isSaid = true
    return [
      { type: 'call-start', name: this.#name },
      { type: 'call-arguments', json: '{' },
    ]
  }

  #finish(): Reading {
    if (this.#isSaid) return done({ type: 'call-arguments', json: '}' }, { type: 'call-end' })
    if (!mayLackArguments(this.#name, this.#tools)) return refused
    this.#isSaid = true
    return done({ type: 'call-start', name: this.#name }, { type: 'call-arguments', json: '{}' }, { type: 'call-end' })
  }

  #partialValue(): string {
    const text = this.#text + this.#watch.end()
    return `${JSON.stringify(this.#key)}:${JSON.stringify(text.replace(/^\n/, '')).slice(0, -1)}`
  }

  /** Ends a call that was cut off: what there is of its arguments is said, and does not parse. */
  #cut(json: string): Reading {
    if (json === '' && !this.#isSaid) return refused
    const opening = json === '' ? [] : this.#open()
    return done(...opening, { type: 'call-arguments', json }, { type: 'call-end' })
  }

  /* Between elements there may be space only; a name is short. */
  #mayGoOn(): boolean {
    if (this.#phase === 'value') return true
    if (this.#phase === 'name' || this.#phase === 'key') return this.#text.length <= mostNameLength
    return this.#text.trim() === ''
  }

  #stop(): Reading {
    if (this.#phase === 'close') return { status: 'over', events: [] }
    return this.#isSaid ? { status: 'over', events: this.#cut('').events } : refused
  }
}

/* Where a value stands on lines of its own, their breaks are none of its. */
function withoutOwnLines(text: string): string {
  const begun = text.replace(/^\r?\n/, '')
  return begun === text ? text : begun.replace(/\r?\n$/, '')
}

import type { CallReader, Reading } from './call-reader.ts'
import { reading, refused } from './call-reader.ts'
import { GemmaCall } from './gemma-call.ts'
import { JsonCalls } from './json-calls.ts'
import { MarkerWatch } from './marker-watch.ts'
import { NamedCall } from './named-calls.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'
import type { CallFormat, TaggedFormat } from './output-format.ts'
import type { CharacterParser, OpenedCall, ParserOptions } from './character-parser.ts'
import { argumentPairs, elementSyntaxes, ParameterCall } from './parameter-calls.ts'

type State = 'text' | 'thinking' | 'call' | 'closing'

const space = /\s/

/** Reads answers whose reasoning and calls stand between markers. */
export class TaggedParser implements CharacterParser {
  readonly #format: TaggedFormat
  readonly #tools: ToolSchemas
  readonly #mustCall: boolean
  #state: State = 'text'
  #watch = new MarkerWatch([])
  /** Space that is shown only if more of the same follows. */
  #space = ''
  /** Whether space at this place belongs to the marker before it. */
  #skipsSpace: boolean
  #mayBeBare: boolean
  #reader: CallReader | undefined
  /** Whether the call that is read has no opening marker, and may be text as well. */
  #isUnmarked = false
  /** What a call that has said nothing yet was read from. */
  #raw = ''

  constructor(format: TaggedFormat, { tools, begins, mustCall = false }: ParserOptions) {
    this.#format = format
    this.#tools = tools
    this.#mustCall = mustCall
    this.#mayBeBare = this.#calls?.isBare === true
    this.#skipsSpace = begins === 'thinking'
    this.#go(begins === 'thinking' && format.thinking ? 'thinking' : 'text')
  }

  get place(): CharacterParser['place'] {
    if (this.#state === 'thinking') return 'thinking'
    return this.#state === 'text' ? 'text' : 'call'
  }

  get isShowing(): boolean {
    return this.#state === 'text'
  }

  get opened(): OpenedCall | undefined {
    return this.#state === 'call' && !this.#reader ? {} : undefined
  }

  take(char: string): readonly OutputEvent[] {
    switch (this.#state) {
      case 'text':
      case 'thinking':
        return this.#takeWords(char)
      case 'call':
        return this.#takeCall(char)
      case 'closing':
        return this.#takeClosing(char)
    }
  }

  end(isMeant: boolean): readonly OutputEvent[] {
    if (this.#state === 'closing' || (this.#state === 'text' && !isMeant && this.#mustCall)) return []
    if (this.#state !== 'call') return this.#say(this.#watch.end(), { isLast: true })
    const { status, events } = this.#reader?.end(isMeant) ?? refused
    if (status !== 'refused') return events
    const isText = isMeant || (this.#isUnmarked && !this.#mustCall)
    return isText ? [{ type: 'text', text: this.#raw }] : []
  }

  get #calls(): CallFormat | undefined {
    return this.#tools.size > 0 ? this.#format.calls : undefined
  }

  #go(state: State): void {
    const { thinking } = this.#format
    const calls = this.#calls
    this.#state = state
    this.#space = ''
    if (state === 'text') this.#watch = new MarkerWatch([...(thinking ? [thinking.open] : []), ...(calls?.opens ?? [])])
    if (state === 'thinking' && thinking) this.#watch = new MarkerWatch([thinking.close])
    if (state === 'closing') this.#watch = new MarkerWatch(calls?.close === undefined ? [] : [calls.close])
  }

  #takeWords(char: string): readonly OutputEvent[] {
    if (this.#mayBeBare && char === '{' && this.#state === 'text') return this.#openCall('', char)
    const { released, marker } = this.#watch.take(char)
    const said = this.#say(released)
    if (marker === undefined) return said
    const { thinking } = this.#format
    if (marker !== thinking?.open && marker !== thinking?.close) return [...said, ...this.#openCall(marker)]
    this.#go(marker === thinking.open ? 'thinking' : 'text')
    this.#skipsSpace = true
    return said
  }

  #say(text: string, { isLast }: { isLast: boolean } = { isLast: false }): readonly OutputEvent[] {
    const type = this.#state === 'thinking' ? 'thinking' : 'text'
    const shown = this.#skipsSpace ? text.trimStart() : this.#space + text
    if (shown.trim() !== '') {
      this.#skipsSpace = false
      this.#mayBeBare = false
    }
    const holdsSpace = !isLast && (type === 'thinking' || this.#calls !== undefined)
    const kept = holdsSpace && !this.#skipsSpace ? shown.length - shown.trimEnd().length : 0
    this.#space = shown.slice(shown.length - kept)
    const said = shown.slice(0, shown.length - kept)
    return said === '' ? [] : [{ type, text: said }]
  }

  #openCall(marker: string, first?: string): readonly OutputEvent[] {
    this.#raw = this.#space + marker
    this.#isUnmarked = marker === ''
    this.#go('call')
    this.#mayBeBare = false
    const isElement = elementSyntaxes.some(({ beforeName }) => beforeName === marker)
    this.#reader = isElement ? new ParameterCall(elementSyntaxes, this.#tools) : undefined
    if (this.#reader) for (const char of marker) this.#reader.take(char)
    return first === undefined ? [] : this.#takeCall(first, true)
  }

  #takeCall(char: string, isBare = false): readonly OutputEvent[] {
    const { status, events } = this.#read(char, isBare)
    if (status === 'refused') {
      const text = this.#raw
      this.#leaveAsText()
      return [{ type: 'text', text }, ...this.take(char)]
    }
    this.#raw = events.length > 0 ? '' : this.#raw + char
    if (status === 'reading') return events
    this.#reader = undefined
    this.#go(this.#calls?.close === undefined ? 'text' : 'closing')
    this.#skipsSpace = true
    return status === 'done' ? events : [...events, ...this.take(char)]
  }

  #read(char: string, isBare: boolean): Reading {
    if (!this.#reader) {
      if (space.test(char)) return reading()
      this.#reader = this.#chooseReader(char, isBare)
    }
    return this.#reader?.take(char) ?? refused
  }

  /** Models stray from their template's form: the first character says what was written. */
  #chooseReader(first: string, isBare: boolean): CallReader | undefined {
    const { body, close, quote = '"' } = this.#calls ?? { body: 'json' }
    if (first === '{' || first === '[') {
      return new JsonCalls({ tools: this.#tools, isBare, ...(close !== undefined && { close }) })
    }
    if (body === 'gemma') return new GemmaCall(quote, this.#tools)
    if (body === 'named-json') return new NamedCall(this.#tools)
    if (first === '<') return new ParameterCall(elementSyntaxes, this.#tools)
    return body === 'pairs' ? new ParameterCall([argumentPairs], this.#tools) : undefined
  }

  #leaveAsText(): void {
    this.#go('text')
    this.#skipsSpace = false
    this.#reader = undefined
    this.#raw = ''
  }

  /** After a call there may be its closing marker. Anything else is text again. */
  #takeClosing(char: string): readonly OutputEvent[] {
    const { released, marker } = this.#watch.take(char)
    if (marker === undefined && released.trim() === '') return []
    this.#go('text')
    return released.split('').flatMap(each => this.take(each))
  }
}

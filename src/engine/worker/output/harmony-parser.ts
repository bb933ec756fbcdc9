import { CallArguments } from './call-arguments.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { OutputEvent } from './output-event.ts'
import type { CharacterParser, ParserOptions } from './character-parser.ts'

type State = 'header' | 'thinking' | 'text' | 'call' | 'call-over' | 'between'

const start = '<|start|>'
const message = '<|message|>'
const ends = ['<|end|>', '<|call|>', '<|return|>']
const recipient = /to=functions\.([\w.:-]+)/
const channel = /<\|channel\|>\s*(\w+)/

/** Reads the channels that gpt-oss models write: reasoning, calls, and what the user is to see. */
export class HarmonyParser implements CharacterParser {
  readonly #hasTools: boolean
  #state: State = 'header'
  #watch = new MarkerWatch([message])
  #header = ''
  #arguments = new CallArguments()
  #isArguing = false

  constructor({ tools, begins }: ParserOptions) {
    this.#hasTools = tools.size > 0
    if (begins !== undefined) this.#go(begins)
  }

  get place(): CharacterParser['place'] {
    switch (this.#state) {
      case 'thinking':
        return 'thinking'
      case 'call':
      case 'call-over':
        return 'call'
      case 'header':
      case 'between':
      case 'text':
        return 'text'
    }
  }

  get isShowing(): boolean {
    return this.#state === 'text'
  }

  get isAtCallStart(): boolean {
    return this.#state === 'call' && !this.#isArguing
  }

  take(char: string): readonly OutputEvent[] {
    const { released, marker } = this.#watch.take(char)
    const events = this.#say(released)
    if (marker === undefined) return events
    if (marker === message) return [...events, ...this.#openMessage()]
    if (marker === start) {
      this.#go('header')
      return events
    }
    const closing = this.#state === 'call' ? this.#arguments.end(true) : []
    this.#go('between')
    return [...events, ...closing]
  }

  end(isMeant: boolean): readonly OutputEvent[] {
    const events = this.#say(this.#watch.end())
    if (this.#state === 'call') return [...events, ...this.#arguments.end(isMeant)]
    // A model that speaks without any header is heard all the same.
    return this.#state === 'header' && !this.#header.includes('<|') ? [{ type: 'text', text: this.#header }] : events
  }

  #go(state: State): void {
    this.#state = state
    this.#header = ''
    const markers = { header: [message], between: [start, message] }
    this.#watch = new MarkerWatch(state === 'header' || state === 'between' ? markers[state] : ends)
  }

  #say(text: string): readonly OutputEvent[] {
    if (text === '') return []
    switch (this.#state) {
      case 'header':
      case 'between':
        this.#header += text
        return []
      case 'thinking':
      case 'text':
        return [{ type: this.#state, text }]
      case 'call':
        return text.split('').flatMap(char => this.#argue(char))
      case 'call-over':
        return []
    }
  }

  #argue(char: string): readonly OutputEvent[] {
    if (this.#state !== 'call') return []
    this.#isArguing = true
    const { status, events } = this.#arguments.take(char)
    if (status !== 'reading') this.#state = 'call-over'
    return events
  }

  #openMessage(): readonly OutputEvent[] {
    const header = this.#header
    const name = this.#hasTools ? recipient.exec(header)?.[1] : undefined
    if (name !== undefined) {
      this.#go('call')
      this.#arguments = new CallArguments()
      this.#isArguing = false
      return [{ type: 'call-start', name }]
    }
    this.#go(channel.exec(header)?.[1] === 'analysis' ? 'thinking' : 'text')
    return []
  }
}

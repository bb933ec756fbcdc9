import { CallArguments } from './call-arguments.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'
import type { CharacterParser, OpenedCall, ParserOptions } from './character-parser.ts'

type State = 'header' | 'thinking' | 'text' | 'call' | 'call-over' | 'between'

const start = '<|start|>'
const message = '<|message|>'
const ends = ['<|end|>', '<|call|>', '<|return|>']
const recipient = /to=functions\.([\w.:-]+)/
const channel = /<\|channel\|>\s*(\w+)/

/** Reads the channels that gpt-oss models write: reasoning, calls, and what the user is to see. */
export class HarmonyParser implements CharacterParser {
  readonly #tools: ToolSchemas
  readonly #mustCall: boolean
  #state: State = 'header'
  #watch = new MarkerWatch([message])
  #header = ''
  #name = ''
  #arguments: CallArguments | undefined

  constructor({ tools, begins, mustCall = false }: ParserOptions) {
    this.#tools = tools
    this.#mustCall = mustCall
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

  get opened(): OpenedCall | undefined {
    return this.#state === 'call' && !this.#arguments ? { name: this.#name } : undefined
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
    const closing = this.#state === 'call' ? this.#endCall(true) : []
    this.#go('between')
    return [...events, ...closing]
  }

  end(isMeant: boolean): readonly OutputEvent[] {
    const events = this.#say(this.#watch.end())
    if (this.#state === 'call') return [...events, ...this.#endCall(isMeant)]
    if (this.#state !== 'header' || this.#header.includes('<|')) return events
    // A model that speaks without any header is heard all the same.
    return isMeant || !this.#mustCall ? [{ type: 'text', text: this.#header }] : []
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
    const { status, events } = this.#takeArguments().take(char)
    if (status !== 'reading') this.#state = 'call-over'
    return events
  }

  #takeArguments(): CallArguments {
    this.#arguments ??= new CallArguments({ name: this.#name, tools: this.#tools })
    return this.#arguments
  }

  /** Ends the open call. What is none after all, and was not cut off, is text like any other message. */
  #endCall(isMeant: boolean): readonly OutputEvent[] {
    const written = this.#takeArguments()
    const { status, events } = written.end(isMeant)
    if (status !== 'refused') return events
    return isMeant ? [{ type: 'text', text: written.unsaid }] : []
  }

  #openMessage(): readonly OutputEvent[] {
    const header = this.#header
    const name = recipient.exec(header)?.[1]
    if (name === undefined || !this.#tools.has(name)) {
      this.#go(channel.exec(header)?.[1] === 'analysis' ? 'thinking' : 'text')
      return []
    }
    this.#go('call')
    this.#name = name
    this.#arguments = undefined
    return []
  }
}

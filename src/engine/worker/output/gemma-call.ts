import { CallArguments } from './call-arguments.ts'
import { done, reading, refused } from './call-reader.ts'
import type { CallReader, Reading } from './call-reader.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'

const prefix = 'call:'
const mostNameLength = 256
const literal = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/**
 * Reads `call:look{at:1,name:<|"|>x<|"|>}`, as Gemma models write calls: keys are bare,
 * and strings stand between markers of their own. The arguments are put into JSON as they come.
 */
export class GemmaCall implements CallReader {
  readonly #watch: MarkerWatch
  readonly #tools: ToolSchemas
  #head = ''
  #arguments: CallArguments | undefined
  #isQuoted = false
  #word = ''
  #depth = 0

  constructor(quote: string, tools: ToolSchemas) {
    this.#watch = new MarkerWatch([quote])
    this.#tools = tools
  }

  take(char: string): Reading {
    if (!this.#arguments) return this.#readHead(char)
    const { released, marker } = this.#watch.take(char)
    const parts = released.split('').map(each => this.#translate(each))
    if (marker !== undefined) {
      parts.push(this.#endWord('"'))
      this.#isQuoted = !this.#isQuoted
    }
    return this.#argue(parts.join(''), this.#arguments)
  }

  end(isMeant: boolean): Reading {
    if (!this.#arguments) return refused
    const rest = this.#argue(this.#translateRest(), this.#arguments)
    if (rest.status !== 'reading') return rest
    const { status, events } = this.#arguments.end(isMeant)
    return status === 'refused' ? refused : done(...rest.events, ...events)
  }

  /* What is no JSON ends with its last bracket as well. */
  #argue(json: string, written: CallArguments): Reading {
    const events: OutputEvent[] = []
    for (const char of json) {
      const read = written.take(char)
      events.push(...read.events)
      if (read.status === 'done') return done(...events)
    }
    return this.#depth === 0 ? done(...events, ...written.end(true).events) : reading(...events)
  }

  #translateRest(): string {
    const held = this.#watch.end()
    return this.#isQuoted ? JSON.stringify(held).slice(1, -1) : this.#word + held
  }

  #readHead(char: string): Reading {
    if (char !== '{') {
      this.#head += char
      const isBegun = prefix.startsWith(this.#head) || this.#head.startsWith(prefix)
      return isBegun && this.#head.length <= mostNameLength ? reading() : refused
    }
    const name = this.#head.slice(prefix.length).trim()
    if (!this.#tools.has(name)) return refused
    this.#arguments = new CallArguments({ name, tools: this.#tools })
    this.#depth = 1
    return this.#argue('{', this.#arguments)
  }

  #translate(char: string): string {
    if (this.#isQuoted) return JSON.stringify(char).slice(1, -1)
    if (char === '{' || char === '[') this.#depth += 1
    if (char === '}' || char === ']') this.#depth -= 1
    if ('{}[],:'.includes(char)) return this.#endWord(char)
    this.#word += char
    return ''
  }

  /** Ends a bare word: a key where a colon follows it, a number or the like elsewhere. */
  #endWord(next: string): string {
    const word = this.#word.trim()
    this.#word = ''
    const isBare = word === '' || (next !== ':' && literal.test(word))
    return (isBare ? word : JSON.stringify(unquoted(word))) + next
  }
}

/* A key may stand between quotation marks of JSON after all. */
function unquoted(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word
}

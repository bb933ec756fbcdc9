import { done, reading, refused } from './call-reader.ts'
import type { CallReader, Reading } from './call-reader.ts'
import { MarkerWatch } from './marker-watch.ts'
import type { OutputEvent } from './output-event.ts'

const prefix = 'call:'
const mostNameLength = 256
const toolName = /^[\w.:-]+$/
const literal = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/**
 * Reads `call:look{at:1,name:<|"|>x<|"|>}`, as Gemma models write calls: keys are bare,
 * and strings stand between markers of their own. The arguments are put into JSON as they come.
 */
export class GemmaCall implements CallReader {
  readonly #watch: MarkerWatch
  #head = ''
  #isSaid = false
  #isQuoted = false
  #word = ''
  #depth = 0

  constructor(quote: string) {
    this.#watch = new MarkerWatch([quote])
  }

  take(char: string): Reading {
    if (!this.#isSaid) return this.#readHead(char)
    const { released, marker } = this.#watch.take(char)
    const parts = released.split('').map(each => this.#translate(each))
    if (marker !== undefined) {
      parts.push(this.#endWord('"'))
      this.#isQuoted = !this.#isQuoted
    }
    const json: OutputEvent = { type: 'call-arguments', json: parts.join('') }
    return this.#depth === 0 ? done(json, { type: 'call-end' }) : reading(json)
  }

  end(): Reading {
    if (!this.#isSaid) return refused
    return done({ type: 'call-arguments', json: this.#word + this.#watch.end() }, { type: 'call-end' })
  }

  #readHead(char: string): Reading {
    if (char !== '{') {
      this.#head += char
      const isBegun = prefix.startsWith(this.#head) || this.#head.startsWith(prefix)
      return isBegun && this.#head.length <= mostNameLength ? reading() : refused
    }
    const name = this.#head.slice(prefix.length).trim()
    if (!toolName.test(name)) return refused
    this.#isSaid = true
    this.#depth = 1
    return reading({ type: 'call-start', name }, { type: 'call-arguments', json: '{' })
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

import type { Json } from '../../core/json.ts'
import { countIn, objectIn, stringIn } from '../json.ts'
import { broken } from '../openai-errors.ts'
import type { BlockWriter } from './block-writer.ts'
import { JsonExtent } from './json-extent.ts'

/**
 * Puts parallel tool calls, whose pieces may come interleaved, one after another.
 * The first call is passed on as it comes; the pieces of a later one wait until the arguments before it are complete
 * or nothing more can come.
 */
export class CallQueue {
  readonly #writer: BlockWriter
  readonly #byIndex = new Map<number, Call>()
  readonly #waiting: Call[] = []
  #open: Call | undefined
  #count = 0
  #waitingLength = 0

  constructor(writer: BlockWriter) {
    this.#writer = writer
  }

  get hasCalls(): boolean {
    return this.#count > 0
  }

  /** Reads one item of `delta.tool_calls`. */
  read(fragment: Json): void {
    const called = objectIn(objectIn(fragment)?.['function'])
    if (!called) throw broken('a tool call that is not a function call')
    const call = this.#find(objectIn(fragment) ?? {}, stringIn(called['name']))
    const json = stringIn(called['arguments']) ?? ''
    if (call === this.#open) this.#pass(call, json)
    else if (call.isClosed) refuseMore(json)
    else this.#hold(call, json)
    this.#advance()
  }

  /** Ends every call: nothing more belongs to them. */
  flush(): void {
    this.#finishOpen()
    while (this.#openNext()) this.#finishOpen()
  }

  /** Finds the call that a fragment goes on with, or begins one. */
  #find(fragment: { readonly [key: string]: Json }, name: string | undefined): Call {
    const index = countIn(fragment['index']) ?? 0
    const id = stringIn(fragment['id'])
    const known = this.#byIndex.get(index)
    if (known && !isAnother(known, id, name)) return known
    if (!id || !name) throw broken('a tool call that begins without an id and a name')
    const call: Call = { id, name, extent: new JsonExtent(), held: [], isClosed: false }
    this.#byIndex.set(index, call)
    this.#add(call)
    return call
  }

  #add(call: Call): void {
    if (this.#count === maxCalls) throw broken(`more than ${maxCalls} tool calls`)
    this.#count += 1
    this.#waiting.push(call)
    if (!this.#open || this.#open.extent.isComplete) this.#next()
  }

  #next(): void {
    this.#finishOpen()
    this.#openNext()
  }

  #advance(): void {
    while (this.#waiting.length > 0 && this.#open?.extent.isComplete === true) this.#next()
  }

  #openNext(): boolean {
    const call = this.#waiting.shift()
    if (!call) return false
    this.#open = call
    this.#writer.call(call.id, call.name)
    const json = call.held.join('')
    this.#waitingLength -= json.length
    this.#pass(call, json)
    return true
  }

  #finishOpen(): void {
    if (!this.#open) return
    this.#open.isClosed = true
    this.#open = undefined
    this.#writer.close()
  }

  #pass(call: Call, json: string): void {
    call.extent.read(json)
    this.#writer.input(json)
  }

  #hold(call: Call, json: string): void {
    this.#waitingLength += json.length
    if (this.#waitingLength > maxWaitingLength) throw broken('too many pieces of interleaved tool calls')
    call.held.push(json)
  }
}

interface Call {
  readonly id: string
  readonly name: string
  readonly extent: JsonExtent
  readonly held: string[]
  isClosed: boolean
}

const maxCalls = 1024
const maxWaitingLength = 16 * 1024 * 1024

// Some servers give every call the index 0 and tell them apart only by their ids.
function isAnother(known: Call, id: string | undefined, name: string | undefined): boolean {
  return Boolean(id) && Boolean(name) && id !== known.id
}

function refuseMore(json: string): void {
  if (json.trim() !== '') throw broken('more of a tool call after its end')
}

import type { Json } from '../../core/json.ts'
import { countIn, objectIn, stringIn } from '../json.ts'
import { broken } from '../openai-errors.ts'
import type { BlockWriter } from './block-writer.ts'
import { argumentsIn, madeCallId } from './called.ts'
import { JsonExtent } from './json-extent.ts'

/**
 * Puts parallel tool calls, whose pieces may come interleaved, one after another.
 * The first call is passed on as it comes; the pieces of a later one wait until the arguments before it are complete
 * or nothing more can come.
 */
export class CallQueue {
  /** The id of the answer, for naming calls that have none. */
  answerId = ''
  readonly #writer: BlockWriter
  readonly #byId = new Map<string, Call>()
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
    const json = argumentsIn(called['arguments'])
    const id = stringIn(objectIn(fragment)?.['id']) || undefined
    const index = countIn(objectIn(fragment)?.['index']) ?? 0
    const call = this.#find(index, { id, name: stringIn(called['name']) || undefined, json })
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
  #find(index: number, fragment: Fragment): Call {
    const { id, name } = fragment
    const known = (id !== undefined ? this.#byId.get(id) : undefined) ?? this.#byIndex.get(index)
    if (known && !isAnother(known, fragment)) return known
    if (name === undefined) throw broken('a tool call that begins without a name')
    const call: Call = {
      id: id ?? madeCallId(this.answerId, this.#count),
      name,
      extent: new JsonExtent(),
      held: [],
      isClosed: false,
    }
    this.#byIndex.set(index, call)
    this.#byId.set(call.id, call)
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

/** What an item of `delta.tool_calls` says. */
interface Fragment {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly json: string
}

// Some servers give every call the index 0 and tell them apart by their ids, or not at all: then a name with arguments
// after arguments that are complete begins the next one.
function isAnother(known: Call, { id, name, json }: Fragment): boolean {
  if (name === undefined) return false
  if (id !== undefined) return id !== known.id
  return json.trim() !== '' && (known.isClosed || known.extent.isComplete)
}

function refuseMore(json: string): void {
  if (json.trim() !== '') throw broken('more of a tool call after its end')
}

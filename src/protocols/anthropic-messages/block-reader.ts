import type { OutputBlock } from '../../core/content.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { arrayIn, isJsonObject, objectIn, parseJson, stringIn } from '../json.ts'
import { decodeOutputBlock } from './decode-block.ts'
import { broken } from './decode-error.ts'

const blockOfDelta: Readonly<Record<string, readonly OutputBlock['type'][]>> = {
  text_delta: ['text'],
  citations_delta: ['text'],
  thinking_delta: ['thinking'],
  signature_delta: ['thinking'],
  input_json_delta: ['tool-call', 'opaque'],
  compaction_delta: ['opaque'],
}

/** Reads one block. A block that only this protocol understands is given whole, at its end. */
export class BlockReader {
  readonly #index: number
  readonly #wire: JsonObject
  readonly #block: OutputBlock
  readonly #inputs: string[] = []
  #compaction: JsonObject = {}

  constructor(index: number, wire: JsonObject) {
    this.#index = index
    this.#wire = wire
    this.#block = decodeOutputBlock(wire)
  }

  *readStart(): Generator<ModelEvent> {
    if (this.#block.type === 'opaque') return
    yield { type: 'block-start', index: this.#index, block: this.#block }
    yield* contentOf(this.#wire, this.#index)
  }

  *readDelta(delta: JsonObject): Generator<ModelEvent> {
    const kind = stringIn(delta['type']) ?? ''
    if (!Object.hasOwn(blockOfDelta, kind)) return
    if (!blockOfDelta[kind]?.includes(this.#block.type)) throw broken('the upstream wrote one kind of block as another')
    if (kind === 'compaction_delta') this.#compaction = { ...delta, type: 'compaction' }
    const event = readDelta(delta, this.#index)
    if (event?.type === 'input-delta') this.#inputs.push(event.json)
    if (event && this.#block.type !== 'opaque') yield event
  }

  *readEnd(): Generator<ModelEvent> {
    const index = this.#index
    if (this.#block.type === 'opaque') {
      yield { type: 'block-start', index, block: { ...this.#block, value: this.#wholeValue() } }
    } else if (this.#block.type === 'tool-call' && this.#inputs.length === 0) {
      const input = objectIn(this.#wire['input']) ?? {}
      // Some upstreams give all the arguments where the call begins.
      if (Object.keys(input).length > 0) yield { type: 'input-delta', index, json: JSON.stringify(input) }
    }
    yield { type: 'block-end', index }
  }

  #wholeValue(): JsonObject {
    const json = this.#inputs.join('')
    return { ...this.#wire, ...this.#compaction, ...(json !== '' && { input: parseJson(json, 'unavailable') }) }
  }
}

function readDelta(delta: JsonObject, index: number): ModelEvent | undefined {
  const text = stringIn(delta['text']) ?? stringIn(delta['thinking']) ?? ''
  switch (stringIn(delta['type']) ?? '') {
    case 'text_delta':
      return { type: 'text-delta', index, text }
    case 'thinking_delta':
      return { type: 'thinking-delta', index, text }
    case 'signature_delta':
      return { type: 'signature', index, signature: stringIn(delta['signature']) ?? '' }
    case 'input_json_delta':
      return { type: 'input-delta', index, json: stringIn(delta['partial_json']) ?? '' }
    case 'citations_delta': {
      const value = objectIn(delta['citation'])
      return value && { type: 'citation', index, protocol: 'anthropic-messages', value }
    }
    default:
      return undefined
  }
}

/** Gives what a block of text or reasoning holds from its beginning, as if it had been written bit by bit. */
function* contentOf({ type, text, thinking, signature, citations }: JsonObject, index: number): Generator<ModelEvent> {
  if (type === 'thinking') {
    if (typeof thinking === 'string' && thinking !== '') yield { type: 'thinking-delta', index, text: thinking }
    if (typeof signature === 'string' && signature !== '') yield { type: 'signature', index, signature }
  }
  if (type !== 'text') return
  if (typeof text === 'string' && text !== '') yield { type: 'text-delta', index, text }
  for (const value of arrayIn(citations) ?? []) {
    if (isJsonObject(value)) yield { type: 'citation', index, protocol: 'anthropic-messages', value }
  }
}

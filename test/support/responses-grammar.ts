import type { SseFrame } from '../../src/protocols/sse.ts'
import { object, parse, type Fields } from './json-fields.ts'

/**
 * Says what is wrong with a stream of Responses, an entry for each fault; none for one that every client can read.
 * The rules are those of the official client, which throws where items, parts and places do not follow each other.
 */
export function checkResponsesStream(frames: readonly SseFrame[]): string[] {
  const grammar = new ResponsesGrammar()
  for (const frame of frames) grammar.read(frame)
  return grammar.finish()
}

const ends: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
}

const deltas: Readonly<Record<string, string>> = {
  'response.output_text': 'output_text',
  'response.refusal': 'refusal',
  'response.reasoning_summary_text': 'summary_text',
  'response.function_call_arguments': 'function_call',
  'response.custom_tool_call_input': 'custom_tool_call',
}

const places: Readonly<Record<string, string>> = {
  'response.content_part': 'content_index',
  'response.reasoning_summary_part': 'summary_index',
}

const wholeFields: Readonly<Record<string, string>> = {
  output_text: 'text',
  refusal: 'refusal',
  summary_text: 'text',
  function_call: 'arguments',
  custom_tool_call: 'input',
}

class ResponsesGrammar {
  readonly #faults: string[] = []
  readonly #ids = new Set<string>()
  readonly #done: Fields[] = []
  #at = -1
  #number = 0
  #response: Fields | undefined
  #item: Fields | undefined
  /** The part that is open in the item; a call is its own part. */
  #part: { readonly type: string; text: string } | undefined
  #parts = 0
  #isOver = false

  read(frame: SseFrame): void {
    this.#at += 1
    if ('comment' in frame) return this.#fault('is a comment, which does not tell every client that the answer goes on')
    const event = parse(frame.data)
    if (!event) return this.#fault('is not a JSON object')
    if (this.#isOver) this.#fault('comes after the end of the stream')
    if (frame.event !== event['type']) this.#fault('is not named as its type')
    if (event['sequence_number'] !== this.#number) this.#fault(`has not the number ${this.#number}`)
    this.#number += 1
    this.#readEvent(String(event['type']), event)
  }

  finish(): string[] {
    if (!this.#isOver) this.#fault('is the last, but the stream has no end')
    return this.#faults
  }

  #fault(what: string): void {
    this.#faults.push(`frame ${this.#at} ${what}`)
  }

  #readEvent(type: string, event: Fields): void {
    if (type === 'response.created') return this.#readCreated(event)
    if (!this.#response) return this.#fault(`is ${type} before the response was created`)
    if (type === 'keepalive') return
    if (type === 'response.in_progress') return this.#readHead(event, 'in_progress')
    const status = ends[type]
    if (status !== undefined) return this.#readEnd(event, status)
    if (type === 'response.output_item.added') return this.#readItem(event)
    if (!this.#item) return this.#fault(`is ${type} outside of an item`)
    if (event['output_index'] !== this.#done.length) this.#fault('is of another place than the open item')
    if (type === 'response.output_item.done') return this.#endItem(event)
    if (event['item_id'] !== this.#item['id']) this.#fault('is of another item than the open one')
    this.#readWithin(type, event)
  }

  #readCreated(event: Fields): void {
    if (this.#response) this.#fault('creates the response again')
    this.#response = object(event['response']) ?? {}
    this.#readHead(event, 'in_progress')
    if (!isArray(this.#response['output'], 0)) this.#fault('begins with output')
  }

  #readHead(event: Fields, status: string): void {
    const response = object(event['response']) ?? {}
    for (const field of ['id', 'object', 'created_at'])
      if (response[field] === undefined || response[field] !== this.#response?.[field])
        this.#fault(`has another ${field} than the first`)
    if (response['status'] !== status) this.#fault(`has not the status ${status}`)
    for (const field of ['model', 'tools', 'tool_choice', 'parallel_tool_calls', 'metadata', 'error', 'usage'])
      if (response[field] === undefined) this.#fault(`has no ${field}`)
  }

  #readItem(event: Fields): void {
    const item = object(event['item']) ?? {}
    const { id } = item
    if (this.#item) this.#fault('begins an item within another')
    if (event['output_index'] !== this.#done.length) this.#fault('begins an item out of turn')
    if (typeof id !== 'string' || id === '' || this.#ids.has(id)) this.#fault('begins an item without an id of its own')
    this.#ids.add(String(id))
    this.#item = item
    this.#parts = 0
    const { type } = item
    this.#part = isCall(type) ? { type, text: '' } : undefined
  }

  #readWithin(type: string, event: Fields): void {
    const [kind, step] = [type.slice(0, type.lastIndexOf('.')), type.slice(type.lastIndexOf('.') + 1)]
    const place = places[kind]
    if (place !== undefined) return step === 'added' ? this.#openPart(event, place) : this.#closePart(event, place)
    if (type === 'response.output_text.annotation.added') return this.#expect('output_text')
    this.#readPiece(deltas[kind], { step, event })
  }

  #readPiece(wanted: string | undefined, { step, event }: { readonly step: string; readonly event: Fields }): void {
    if (wanted === undefined) return this.#fault(`is the unknown ${String(event['type'])}`)
    this.#expect(wanted)
    if (step === 'delta') this.#add(event['delta'])
    else if (event[wholeFields[wanted] ?? ''] !== this.#part?.text) this.#fault('ends with another text than was said')
    if (wanted === 'output_text' && !Array.isArray(event['logprobs'])) this.#fault('says nothing of logprobs')
  }

  #expect(type: string): void {
    if (this.#part?.type !== type) this.#fault(`is of a ${type} that is not open`)
  }

  #add(delta: unknown): void {
    if (typeof delta !== 'string') return this.#fault('has a delta that is no text')
    if (this.#part) this.#part.text += delta
  }

  #openPart(event: Fields, index: string): void {
    if (this.#part) this.#fault('begins a part within another')
    if (event[index] !== this.#parts) this.#fault('begins a part out of turn')
    this.#part = { type: String(object(event['part'])?.['type']), text: '' }
  }

  #closePart(event: Fields, index: string): void {
    const part = object(event['part']) ?? {}
    if (event[index] !== this.#parts) this.#fault('ends a part out of turn')
    if (!this.#part || part['type'] !== this.#part.type) this.#fault('ends a part that is not open')
    else if (part[wholeFields[this.#part.type] ?? ''] !== this.#part.text) this.#fault('ends a part with another text')
    this.#parts += 1
    this.#part = undefined
  }

  #endItem(event: Fields): void {
    const item = object(event['item']) ?? {}
    if (item['id'] !== this.#item?.['id'] || item['type'] !== this.#item?.['type']) this.#fault('ends another item')
    if (!isCall(item['type'])) {
      if (this.#part) this.#fault('ends an item with a part that is open')
    } else if (item[wholeFields[item['type']] ?? ''] !== this.#part?.text) this.#fault('ends with other input')
    this.#done.push(item)
    this.#item = undefined
    this.#part = undefined
  }

  #readEnd(event: Fields, status: string): void {
    this.#readHead(event, status)
    const response = object(event['response']) ?? {}
    if (this.#item && status !== 'failed') this.#fault('ends the response within an item')
    if (JSON.stringify(response['output']) !== JSON.stringify(this.#done)) this.#fault('has other output than was said')
    if ((status === 'failed') !== (object(response['error']) !== undefined))
      this.#fault('tells of no failure or of one')
    if ((status === 'incomplete') !== (object(response['incomplete_details']) !== undefined))
      this.#fault('does not say why it is incomplete')
    this.#readUsage(response['usage'])
    this.#isOver = true
  }

  #readUsage(usage: unknown): void {
    if (usage === null) return
    const { input_tokens: input, output_tokens: output, total_tokens: total, ...details } = object(usage) ?? {}
    const cached = object(details['input_tokens_details'])?.['cached_tokens']
    const reasoning = object(details['output_tokens_details'])?.['reasoning_tokens']
    const areCounts = [input, output, cached, reasoning].every(count => Number.isInteger(count))
    if (!areCounts || total !== Number(input) + Number(output)) this.#fault('has counts that do not add up')
  }
}

function isCall(type: unknown): type is string {
  return type === 'function_call' || type === 'custom_tool_call'
}

function isArray(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.length === length
}

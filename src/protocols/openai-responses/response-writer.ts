import type { OutputBlock } from '../../core/content.ts'
import type { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { stringIn } from '../json.ts'
import type { ReplyContext } from '../protocol.ts'
import type { SseFrame } from '../sse.ts'
import { CustomCallWriter, FunctionCallWriter } from './call-writer.ts'
import { redactedContent } from './decode-reasoning.ts'
import { failureOf } from './errors.ts'
import { ownExtras } from './extras.ts'
import type { ItemEvent, ItemStatus, ItemWriter } from './item-writer.ts'
import { MessageWriter } from './message-writer.ts'
import { OpaqueWriter } from './opaque-writer.ts'
import { ReasoningWriter } from './reasoning-writer.ts'
import { encodeStop } from './stop.ts'
import { type Disguise, findDisguises } from './tool-names.ts'
import { encodeUsage } from './usage.ts'

type End = Extract<ModelEvent, { type: 'end' }>

/** An event as clients get it, but for its number. */
export type Said = JsonObject & { readonly type: string }

/** Writes one response, event by event. The events are numbered in the order in which they are sent. */
export class ResponseWriter {
  readonly #context: ReplyContext
  readonly #disguises: ReadonlyMap<string, Disguise>
  readonly #output: JsonObject[] = []
  #model: string
  #usage: Usage = {}
  #item: ItemWriter | undefined
  #count = 0

  constructor(context: ReplyContext) {
    this.#context = context
    this.#disguises = findDisguises(context.echo?.['tools'])
    this.#model = stringIn(context.echo?.['model']) ?? ''
  }

  /** Whether anything was said. */
  get hasBegun(): boolean {
    return this.#count > 0
  }

  /** Says that a response begins, where that was not said. */
  begin(): readonly Said[] {
    if (this.hasBegun) return []
    const response = this.#response({ status: 'in_progress' })
    return [
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]
  }

  write(event: ModelEvent): readonly Said[] {
    switch (event.type) {
      case 'start':
        this.#model = event.model
        this.#usage = event.usage
        return this.begin()
      case 'block-start':
        return this.#open(event.block)
      // An item is known to be whole when the next one begins, or the answer ends.
      case 'block-end':
        return []
      case 'end':
        return this.#end(event)
      case 'text-delta':
      case 'thinking-delta':
      case 'input-delta':
      case 'signature':
      case 'citation':
        return this.#placed(this.#item?.write(event) ?? [])
    }
  }

  /** Says that nothing is to be said. */
  keepAlive(): readonly Said[] {
    return [...this.begin(), { type: 'keepalive' }]
  }

  /** Says that the answer failed. Nothing follows. */
  fail(error: ModelError): readonly Said[] {
    const response = this.#response({ status: 'failed', error: failureOf(error) })
    return [...this.begin(), { type: 'response.failed', response }]
  }

  /** Gives an event the next number. */
  number({ type, ...fields }: Said): SseFrame {
    const sequence_number = this.#count
    this.#count += 1
    return { event: type, data: JSON.stringify({ type, sequence_number, ...fields }) }
  }

  /** Takes over from another server, which has said all up to the event of this number. It never counts back. */
  continueAfter(number: number): void {
    this.#count = Math.max(this.#count, number + 1)
  }

  #open(block: OutputBlock): readonly Said[] {
    const phase = block.type === 'text' ? phaseOf(block) : {}
    if (block.type === 'text' && this.#item instanceof MessageWriter && isSame(this.#item.phase, phase))
      return this.#placed(this.#item.openText())
    if (block.type === 'opaque' && block.protocol !== 'openai-responses') return []
    const closed = this.#close('completed')
    const item = this.#itemFor(block, phase)
    return [...closed, this.#add(item), ...this.#placed(item instanceof MessageWriter ? item.openText() : [])]
  }

  #add(item: ItemWriter): Said {
    this.#item = item
    return { type: 'response.output_item.added', output_index: this.#output.length, item: item.begun }
  }

  #itemFor(block: OutputBlock, phase: JsonObject): ItemWriter {
    switch (block.type) {
      case 'text':
        return new MessageWriter(this.#id('msg'), phase)
      case 'thinking':
        return new ReasoningWriter(this.#id('rs'))
      case 'redacted-thinking':
        return new ReasoningWriter(this.#id('rs'), redactedContent(block.data))
      case 'tool-call':
        return this.#callFor(block)
      case 'opaque':
        return new OpaqueWriter(this.#id('item'), block.value)
    }
  }

  #callFor(block: Extract<OutputBlock, { type: 'tool-call' }>): ItemWriter {
    const { id, name } = block
    const kept = ownExtras(block)
    const disguise = this.#disguises.get(name)
    if (disguise?.isCustom === true) return new CustomCallWriter(this.#id('ctc'), { id, name, kept }, disguise)
    if (!disguise) return new FunctionCallWriter(this.#id('fc'), { id, name, kept })
    const { name: ownName, namespace = '' } = disguise
    return new FunctionCallWriter(this.#id('fc'), { id, name: ownName, kept: { ...kept, namespace } })
  }

  /** Gives the id of the next item. It leads back to the response. */
  #id(prefix: string): string {
    return `${prefix}_${this.#context.responseId.replace(/^resp_/, '')}_${this.#output.length}`
  }

  #close(status: ItemStatus): readonly Said[] {
    const item = this.#item
    if (!item) return []
    const closed = this.#placed(item.close())
    const whole = item.whole(status)
    const done = { type: 'response.output_item.done', output_index: this.#output.length, item: whole }
    this.#output.push(whole)
    this.#item = undefined
    return [...closed, done]
  }

  #placed(events: readonly ItemEvent[]): readonly Said[] {
    const place = { output_index: this.#output.length, item_id: this.#item?.id ?? '' }
    return events.map(({ type, ...fields }) => ({ type, ...place, ...fields }))
  }

  #end({ stop, usage }: End): readonly Said[] {
    this.#usage = { ...this.#usage, ...usage }
    const { status, incomplete_details, refusal } = encodeStop(stop)
    const refused = refusal === undefined ? [] : this.#refuse(refusal)
    const closed = this.#close(status)
    const response = this.#response({ status, incomplete_details, usage: encodeUsage(this.#usage) })
    return [...refused, ...closed, { type: `response.${status}`, response }]
  }

  #refuse(refusal: string): readonly Said[] {
    if (this.#item instanceof MessageWriter) return this.#placed(this.#item.refuse(refusal))
    const closed = this.#close('completed')
    const item = new MessageWriter(this.#id('msg'), {})
    return [...closed, this.#add(item), ...this.#placed(item.refuse(refusal))]
  }

  #response(state: JsonObject): JsonObject {
    const { responseId, created, echo } = this.#context
    return {
      id: responseId,
      object: 'response',
      created_at: created,
      error: null,
      incomplete_details: null,
      ...echo,
      model: this.#model,
      output: [...this.#output],
      usage: null,
      ...state,
    }
  }
}

function phaseOf(block: Extract<OutputBlock, { type: 'text' }>): JsonObject {
  const { phase } = ownExtras(block)
  return phase === undefined ? {} : { phase }
}

function isSame(one: JsonObject, other: JsonObject): boolean {
  return one['phase'] === other['phase']
}

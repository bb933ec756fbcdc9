import type { OutputBlock } from './content.ts'
import { ModelError } from './errors.ts'
import type { ModelEvent, ModelStream, TokenLogprob } from './events.ts'
import type { Extras, ProtocolId } from './extras.ts'
import type { JsonObject } from './json.ts'
import type { Loss } from './loss.ts'
import type { Stop } from './stop.ts'
import type { Usage } from './usage.ts'

/** A block as it was written: `content` is its text, its reasoning or its arguments as JSON text. */
export interface Written {
  readonly block: OutputBlock
  readonly content: string
  readonly signature?: string
  readonly logprobs?: readonly TokenLogprob[]
  readonly citations?: readonly { readonly protocol: ProtocolId; readonly value: JsonObject }[]
}

/** A whole answer. */
export interface Answer {
  readonly id: string
  readonly model: string
  readonly blocks: readonly Written[]
  readonly stop: Stop
  readonly usage: Usage
  readonly losses?: readonly Loss[]
  readonly extras?: Extras
}

/**
 * Folds a stream into one answer: the only way that a non-streaming response is made.
 * Throws what the stream throws, and `unavailable` for a stream that breaks off.
 */
export async function collect(events: ModelStream): Promise<Answer> {
  const fold = new Fold()
  for await (const event of events) {
    const answer = fold.add(event)
    if (answer) return answer
  }
  throw new ModelError('unavailable', 'the answer broke off before its end')
}

/** Does the same with events that are all there. */
export function collectAll(events: Iterable<ModelEvent>): Answer {
  const fold = new Fold()
  for (const event of events) {
    const answer = fold.add(event)
    if (answer) return answer
  }
  throw new ModelError('unavailable', 'the answer broke off before its end')
}

/** Folds a stream into one answer, event by event. */
export class Fold {
  readonly #blocks: Draft[] = []
  #start: Extract<ModelEvent, { type: 'start' }> | undefined

  /** Takes an event, and gives the answer that it ends. */
  add(event: ModelEvent): Answer | undefined {
    switch (event.type) {
      case 'start':
        this.#start = event
        return undefined
      case 'end':
        if (!this.#start) throw new ModelError('internal', 'an answer ended before it started')
        return finish(this.#start, this.#blocks, event)
      case 'block-start':
        this.#blocks[event.index] = { block: event.block, pieces: [], logprobs: [], citations: [] }
        return undefined
      case 'block-end':
        return undefined
      case 'text-delta':
      case 'thinking-delta':
      case 'input-delta':
      case 'signature':
      case 'citation':
        write(open(this.#blocks, event.index), event)
        return undefined
    }
  }
}

interface Draft {
  readonly block: OutputBlock
  readonly pieces: string[]
  readonly logprobs: TokenLogprob[]
  readonly citations: { protocol: ProtocolId; value: JsonObject }[]
  signature?: string
}

type Delta = Extract<ModelEvent, { type: 'text-delta' | 'thinking-delta' | 'input-delta' | 'signature' | 'citation' }>

function open(blocks: readonly Draft[], index: number): Draft {
  const draft = blocks[index]
  if (!draft) throw new ModelError('internal', `a delta for block ${index}, which was never opened`)
  return draft
}

function write(draft: Draft, event: Delta): void {
  switch (event.type) {
    case 'text-delta':
      draft.pieces.push(event.text)
      if (event.logprobs) draft.logprobs.push(...event.logprobs)
      return
    case 'thinking-delta':
      draft.pieces.push(event.text)
      return
    case 'input-delta':
      draft.pieces.push(event.json)
      return
    case 'signature':
      draft.signature = event.signature
      return
    case 'citation':
      draft.citations.push({ protocol: event.protocol, value: event.value })
  }
}

function finish(
  start: Extract<ModelEvent, { type: 'start' }>,
  drafts: readonly Draft[],
  end: Extract<ModelEvent, { type: 'end' }>,
): Answer {
  const extras = { ...start.extras, ...end.extras }
  const losses = [...(start.losses ?? []), ...(end.losses ?? [])]
  return {
    id: start.id,
    model: start.model,
    blocks: drafts.map(toWritten),
    stop: end.stop,
    usage: { ...start.usage, ...end.usage },
    ...(losses.length > 0 && { losses }),
    ...(Object.keys(extras).length > 0 && { extras }),
  }
}

function toWritten({ block, pieces, signature, logprobs, citations }: Draft): Written {
  return {
    block,
    content: pieces.join(''),
    ...(signature !== undefined && { signature }),
    ...(logprobs.length > 0 && { logprobs }),
    ...(citations.length > 0 && { citations }),
  }
}

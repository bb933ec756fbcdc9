import * as fc from 'fast-check'
import type { Answer } from '../../src/core/collect.ts'
import { collect } from '../../src/core/collect.ts'
import type { OutputBlock } from '../../src/core/content.ts'
import type { ModelEvent, TokenLogprob } from '../../src/core/events.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Stop, StopReason } from '../../src/core/stop.ts'
import type { Usage } from '../../src/core/usage.ts'
import { defined } from '../../src/protocols/json.ts'
import { play } from './play.ts'

/** Any text at all, in whole graphemes, so that emoji and combining marks are common. */
export const anyText: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', maxLength: 24 })

/** Text that has something in it. */
export const someText: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 })

/** A JSON object whose fields may be called anything. */
export const anyJsonObject: fc.Arbitrary<JsonObject> = fc
  .dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
  .map(object => {
    // What JSON cannot say, such as a negative zero, is gone after one round.
    const plain: JsonObject = JSON.parse(JSON.stringify(object))
    return plain
  })

/** What a protocol can say of an answer. What is absent here is drawn from everything the vocabulary has. */
export interface AnswerWords {
  readonly blocks?: readonly Exclude<OutputBlock['type'], 'opaque'>[]
  readonly opaque?: fc.Arbitrary<Extract<OutputBlock, { type: 'opaque' }>>
  readonly citation?: fc.Arbitrary<Omit<Extract<ModelEvent, { type: 'citation' }>, 'type' | 'index'>>
  readonly stop?: fc.Arbitrary<Stop>
  readonly usage?: fc.Arbitrary<Usage>
  readonly toolInput?: fc.Arbitrary<string>
  readonly callId?: fc.Arbitrary<string>
  readonly callName?: fc.Arbitrary<string>
  readonly text?: fc.Arbitrary<string>
  readonly hasSignatures?: boolean
  readonly hasLogprobs?: boolean
  readonly maxBlocks?: number
}

/** Any valid stream that has only what `words` allow. */
export function arbitraryAnswer(words: AnswerWords = {}): fc.Arbitrary<readonly ModelEvent[]> {
  const usage = words.usage ?? anyUsage
  return fc
    .record({
      id: someText,
      model: someText,
      blocks: fc.uniqueArray(arbitraryBlock(words), { maxLength: words.maxBlocks ?? 5, selector: callIdOf }),
      stop: words.stop ?? anyStop,
      usageAtStart: usage,
      usageAtEnd: usage,
    })
    .map(({ id, model, blocks, stop, usageAtStart, usageAtEnd }): readonly ModelEvent[] => [
      { type: 'start', id, model, usage: usageAtStart },
      ...blocks.flatMap(placed),
      { type: 'end', stop, usage: usageAtEnd },
    ])
}

/* No two calls of an answer have one id. */
function callIdOf([start]: readonly Unplaced[]): unknown {
  return start?.type === 'block-start' && start.block.type === 'tool-call' ? start.block.id : {}
}

/** Any whole answer that has only what `words` allow. */
export function arbitraryWhole(words: AnswerWords = {}): fc.Arbitrary<Promise<Answer>> {
  return arbitraryAnswer(words).map(events => collect(play(events)))
}

const reasons: readonly StopReason[] = ['end-turn', 'max-tokens', 'context-window', 'tool-use', 'refusal', 'pause']

/** Any reason, with the sequence where one matched. */
export const anyStop: fc.Arbitrary<Stop> = fc.oneof(
  fc.constantFrom(...reasons).map(reason => ({ reason })),
  someText.map(sequence => ({ reason: 'stop-sequence' as const, sequence })),
)

const maybeCount = fc.option(fc.nat({ max: 1_000_000 }), { nil: undefined })

const promptCounts = fc
  .record({ fresh: maybeCount, read: maybeCount, minutes: maybeCount, hour: maybeCount })
  .map(({ fresh, read, minutes, hour }) => {
    const written = minutes === undefined ? undefined : minutes + (hour ?? 0)
    return defined({
      inputTokens: fresh === undefined ? undefined : fresh + (read ?? 0) + (written ?? 0),
      cacheReadTokens: read,
      cacheWriteTokens: written,
      cacheWriteHourTokens: written === undefined ? undefined : hour,
    })
  })

const answerCounts = fc.record({ said: maybeCount, thought: maybeCount }).map(({ said, thought }) =>
  defined({
    outputTokens: said === undefined ? undefined : said + (thought ?? 0),
    thinkingTokens: said === undefined ? undefined : thought,
  }),
)

/** Any counts that add up: the parts are never more than the whole, and each may be unknown. */
export const anyUsage: fc.Arbitrary<Usage> = fc
  .tuple(promptCounts, answerCounts)
  .map(([prompt, answer]) => ({ ...prompt, ...answer }))

/** Arguments as JSON text, as a model writes them. */
export const anyToolInput: fc.Arbitrary<string> = anyJsonObject.map(input => JSON.stringify(input))

/** Cuts text into pieces, never within a code point. */
export function inPieces(text: string): fc.Arbitrary<readonly string[]> {
  const points = Array.from(text)
  return fc.uniqueArray(fc.nat({ max: points.length }), { maxLength: 4 }).map(cuts => {
    const ends = [...cuts.toSorted((a, b) => a - b), points.length]
    return ends.map((end, at) => points.slice(ends[at - 1] ?? 0, end).join('')).filter(piece => piece !== '')
  })
}

type Unplaced<T = ModelEvent> = T extends { readonly index: number } ? Omit<T, 'index'> : never

function placed(events: readonly Unplaced[], index: number): readonly ModelEvent[] {
  return events.map(event => ({ ...event, index }))
}

function written(block: OutputBlock, deltas: readonly Unplaced[]): readonly Unplaced[] {
  return [{ type: 'block-start', block }, ...deltas, { type: 'block-end' }]
}

function arbitraryBlock(words: AnswerWords): fc.Arbitrary<readonly Unplaced[]> {
  const kinds = {
    text: textBlock(words),
    thinking: thinkingBlock(words),
    'redacted-thinking': someText.map(data => written({ type: 'redacted-thinking', data }, [])),
    'tool-call': toolCallBlock(words),
  }
  const allowed = words.blocks ?? (['text', 'thinking', 'redacted-thinking', 'tool-call'] as const)
  const opaque = words.opaque?.map(block => written(block, []))
  return fc.oneof(...allowed.map(kind => kinds[kind]), ...(opaque ? [opaque] : []))
}

function textBlock(words: AnswerWords): fc.Arbitrary<readonly Unplaced[]> {
  const text = words.text ?? anyText
  const plain = text.map((text): Unplaced => ({ type: 'text-delta', text }))
  const kinds: fc.Arbitrary<Unplaced>[] = [plain, plain, plain]
  if (words.citation) kinds.push(words.citation.map((citation): Unplaced => ({ type: 'citation', ...citation })))
  if (words.hasLogprobs === true) {
    kinds.push(
      fc.record({
        type: fc.constant('text-delta' as const),
        text,
        logprobs: fc.array(anyLogprob, { minLength: 1, maxLength: 3 }),
      }),
    )
  }
  return fc.array(fc.oneof(...kinds), { maxLength: 5 }).map(deltas => written({ type: 'text' }, deltas))
}

function thinkingBlock(words: AnswerWords): fc.Arbitrary<readonly Unplaced[]> {
  const deltas = fc.array(
    (words.text ?? anyText).map((text): Unplaced => ({ type: 'thinking-delta', text })),
    { maxLength: 4 },
  )
  const signature =
    words.hasSignatures === false
      ? fc.constant(undefined)
      : fc.option(fc.base64String({ minLength: 4 }), { nil: undefined })
  return fc
    .tuple(deltas, signature)
    .map(([deltas, signature]) =>
      written({ type: 'thinking' }, signature === undefined ? deltas : [...deltas, { type: 'signature', signature }]),
    )
}

function toolCallBlock(words: AnswerWords): fc.Arbitrary<readonly Unplaced[]> {
  const block = fc.record({
    type: fc.constant('tool-call' as const),
    id: words.callId ?? someText,
    name: words.callName ?? fc.stringMatching(/^[a-zA-Z0-9_-]{1,64}$/),
  })
  const deltas = (words.toolInput ?? anyToolInput)
    .chain(inPieces)
    .map(pieces => pieces.map((json): Unplaced => ({ type: 'input-delta', json })))
  return fc.tuple(block, deltas).map(([block, deltas]) => written(block, deltas))
}

const anyLogprob: fc.Arbitrary<TokenLogprob> = fc
  .record({ token: anyText, logprob: fc.integer({ min: -20_000, max: 0 }).map(thousandths => thousandths / 1000) })
  .map(({ token, logprob }) => {
    const bytes = [...new TextEncoder().encode(token)]
    return { token, logprob, bytes, top: [{ token, logprob, bytes }] }
  })

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyJsonObject, arbitraryAnswer, someText } from '../../../test/support/arbitrary-answer.ts'
import { arbitraryRequest } from '../../../test/support/arbitrary-request.ts'
import { eventFaults } from '../../../test/support/event-grammar.ts'
import { all, play } from '../../../test/support/play.ts'
import { speakResponse, wholeResponse } from '../../../test/support/responses-stream.ts'
import { type Answer, collect, type Written } from '../../core/collect.ts'
import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Stop } from '../../core/stop.ts'
import { sealReasoning } from '../reasoning-seal.ts'
import { decodeSse, formatSse, type SseFrame } from '../sse.ts'
import { openaiResponses } from './index.ts'

const { client } = openaiResponses

const anyItem = anyJsonObject.map((value): JsonObject => ({ ...value, type: 'web_search_call' }))

/** Any answer that Responses can give. */
const anyAnswer: fc.Arbitrary<Promise<Answer>> = arbitraryAnswer({
  blocks: ['text', 'thinking', 'tool-call'],
  opaque: anyItem.map(value => ({ type: 'opaque', protocol: 'openai-responses', value })),
  citation: anyJsonObject.map(value => ({ protocol: 'openai-responses', value })),
  stop: fc.constantFrom('end-turn', 'max-tokens', 'refusal', 'pause').map((reason): Stop => ({ reason })),
  hasLogprobs: true,
}).map(async events => asSaid(await collect(play(events))))

/** Gives the answer as this protocol says it. */
function asSaid(answer: Answer): Answer {
  const blocks = answer.blocks.flatMap(sayable)
  const hasCalls = blocks.some(({ block }) => block.type === 'tool-call')
  const { cacheWriteHourTokens: _, ...usage } = answer.usage
  return { ...answer, blocks, usage, stop: asStop(answer.stop, hasCalls) }
}

function sayable(written: Written, index: number): readonly Written[] {
  const { block, content, logprobs, citations } = written
  if (block.type === 'text') {
    const isEmpty = content === '' && !citations
    return isEmpty ? [] : [{ ...written, ...(content === '' && logprobs && { logprobs: [] }) }].map(withoutEmpty)
  }
  if (block.type === 'opaque')
    return [{ ...written, block: { ...block, value: { ...block.value, id: `ws_${index}` } } }]
  if (block.type !== 'thinking') return [written]
  const signature = sealReasoning('openai-responses', { id: `rs_${index}`, data: written.signature ?? 'x' })
  return [{ block: { type: 'thinking', origin: 'openai-responses' }, content, signature }]
}

function withoutEmpty({ logprobs, ...written }: Written): Written {
  return logprobs && logprobs.length > 0 ? { ...written, logprobs } : written
}

function asStop({ reason }: Stop, hasCalls: boolean): Stop {
  if (reason === 'end-turn') return { reason: hasCalls ? 'tool-use' : 'end-turn', raw: 'completed' }
  if (reason === 'max-tokens') return { reason, raw: 'max_output_tokens' }
  if (reason === 'refusal') return { reason, raw: 'content_filter' }
  return { reason: 'pause', raw: 'steered' }
}

describe('a streamed answer', () => {
  test('is read as it was meant, block by block', () =>
    check(anyAnswer, async said => {
      const answer = await said
      const events = await all(client.decodeStream(play(speakResponse(answer))))
      expect(eventFaults(events)).toEqual([])
      expect(await collect(play(events))).toEqual(answer)
    }))

  test('is read the same however its bytes are cut', () =>
    check(fc.tuple(anyAnswer, fc.integer({ min: 1, max: 40 })), async ([said, size]) => {
      const frames = speakResponse(await said)
      const bytes = new TextEncoder().encode(frames.map(formatSse).join(''))
      const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      const whole = await all(client.decodeStream(play(frames)))
      expect(await all(client.decodeStream(decodeSse(play(cut))))).toEqual(whole)
    }))

  test('is what the same answer says whole', () =>
    check(anyAnswer, async said => {
      const answer = await said
      expect(client.decodeAnswer(wholeResponse(answer))).toEqual(answer)
    }))

  test('needs none of its events but the last', () =>
    check(fc.tuple(anyAnswer, fc.func(fc.boolean())), async ([said, isKept]) => {
      const answer = await said
      const frames = speakResponse(answer)
      // An upstream leaves out whole kinds of events, not one here and one there.
      const kept = frames.filter(frame => 'event' in frame && (isTerminal(frame) || isKept(frame.event)))
      const events = await all(client.decodeStream(play(kept)))
      expect(eventFaults(events)).toEqual([])
      const read = await collect(play(events))
      expect(read.blocks.map(textOf).sort()).toEqual(answer.blocks.map(textOf).sort())
    }))
})

describe('a hostile stream', () => {
  test('that ends early is told as broken, after what came in grammar', () =>
    check(fc.tuple(anyAnswer, fc.nat()), async ([said, at]) => {
      const frames = speakResponse(await said)
      const { read, failure } = await readUntilFailure(frames.slice(0, at % frames.length))
      expect(failure).toMatchObject({ name: 'ModelError', kind: 'unavailable' })
      expect(eventFaults(read, { isWhole: false })).toEqual([])
    }))

  test('of any events in any order is an answer in grammar or fails as one', () =>
    check(fc.array(anyEvent, { maxLength: 12 }), async events => {
      const frames = events.map(event => ({ data: JSON.stringify(event) }))
      const { read, failure } = await readUntilFailure(frames)
      if (failure !== undefined) expect(failure).toBeInstanceOf(ModelError)
      expect(eventFaults(read, { isWhole: failure === undefined })).toEqual([])
    }))

  test('of an answer whose events are shuffled is in grammar or fails as one', () =>
    check(fc.tuple(anyAnswer, fc.infiniteStream(fc.nat())), async ([said, choices]) => {
      const left = [...speakResponse(await said)]
      const mixed: SseFrame[] = []
      while (left.length > 0) mixed.push(...left.splice(choices.next().value % left.length, 1))
      const { read, failure } = await readUntilFailure(mixed)
      if (failure !== undefined) expect(failure).toBeInstanceOf(ModelError)
      expect(eventFaults(read, { isWhole: failure === undefined })).toEqual([])
    }))
})

describe('a request for an upstream', () => {
  test('is plain JSON with every call id as it was, whatever was asked', () =>
    check(fc.tuple(arbitraryRequest(), fc.boolean()), async ([request, isStreaming]) => {
      const { body } = client.encodeRequest({ request, isStreaming })
      const plain: unknown = JSON.parse(JSON.stringify(body))
      expect(plain).toStrictEqual(body)
      const ids = request.messages.flatMap(({ content }) =>
        content.flatMap(block =>
          block.type === 'tool-call' ? block.id : block.type === 'tool-result' ? block.callId : [],
        ),
      )
      const input = body['input'] as readonly JsonObject[]
      expect(input.flatMap(item => (typeof item['call_id'] === 'string' ? item['call_id'] : []))).toEqual(ids)
    }))

  test('names every field that it leaves out', () =>
    check(arbitraryRequest(), async request => {
      const { body, losses } = client.encodeRequest({ request, isStreaming: false })
      const lost = losses.map(({ field }) => field)
      for (const field of ['topK', 'minP', 'seed', 'frequencyPenalty', 'presencePenalty'] as const) {
        expect(lost.includes(`sampling.${field}`)).toBe(request.sampling?.[field] !== undefined)
      }
      expect(lost.includes('stopSequences')).toBe((request.stopSequences ?? []).length > 0)
      expect(body['stop']).toBeUndefined()
    }))
})

function check<T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, law), { numRuns: 300 })
}

function isTerminal(frame: SseFrame): boolean {
  return 'data' in frame && /"type":"response\.(completed|incomplete)"/.test(frame.data)
}

function textOf({ block, content }: Written): string {
  return `${block.type} ${content}`
}

async function readUntilFailure(frames: readonly SseFrame[]) {
  const read: ModelEvent[] = []
  try {
    for await (const event of client.decodeStream(play(frames))) read.push(event)
    return { read, failure: undefined }
  } catch (failure) {
    return { read, failure }
  }
}

const anyEventType = fc.constantFrom(
  'response.created',
  'response.output_item.added',
  'response.output_item.done',
  'response.content_part.done',
  'response.output_text.delta',
  'response.output_text.done',
  'response.refusal.delta',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.completed',
  'response.incomplete',
  'response.unheard_of',
  'ping',
)

const anyValue = fc.oneof(someText, fc.nat({ max: 3 }), fc.constant(null))

const anyWireItem = fc.record(
  {
    type: fc.constantFrom('message', 'function_call', 'reasoning', 'web_search_call'),
    id: fc.constantFrom('a', 'b', ''),
    call_id: anyValue,
    name: anyValue,
    arguments: anyValue,
    encrypted_content: anyValue,
    content: fc.array(
      fc.record({ type: fc.constantFrom('output_text', 'refusal'), text: anyValue, refusal: anyValue }),
    ),
  },
  { requiredKeys: [] },
)

const anyEvent = fc.record(
  {
    type: anyEventType,
    output_index: fc.oneof(fc.nat({ max: 2 }), fc.constant(null)),
    item_id: fc.constantFrom('a', 'b'),
    content_index: fc.nat({ max: 2 }),
    summary_index: fc.nat({ max: 2 }),
    delta: fc.oneof(someText, someText, anyValue),
    text: anyValue,
    arguments: anyValue,
    item: anyWireItem,
    part: anyWireItem,
    response: fc.record({ output: fc.array(anyWireItem), status: anyValue }, { requiredKeys: [] }),
  },
  { requiredKeys: ['type'] },
)

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkAnthropicStream } from '../../../test/support/anthropic-grammar.ts'
import {
  anyJsonObject,
  anyStop,
  anyUsage,
  type AnswerWords,
  arbitraryAnswer,
  arbitraryWhole,
  someText,
} from '../../../test/support/arbitrary-answer.ts'
import { all, play } from '../../../test/support/play.ts'
import type { Answer } from '../../core/collect.ts'
import type { OutputBlock } from '../../core/content.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { Stop } from '../../core/stop.ts'
import type { Usage } from '../../core/usage.ts'
import type { ReplyContext } from '../protocol.ts'
import { decodeSse, formatSse, type SseFrame } from '../sse.ts'
import { anthropicMessages } from './index.ts'

const { server, client } = anthropicMessages
const context: ReplyContext = { responseId: 'msg_1', requestId: 'req_1', created: 0, includesUsage: true }
const runs = { numRuns: 300 }

const opaque: fc.Arbitrary<Extract<OutputBlock, { type: 'opaque' }>> = fc
  .oneof(
    fc.record({ type: fc.constant('server_tool_use'), id: someText, name: someText, input: anyJsonObject }),
    fc.record({
      type: fc.constant('web_search_tool_result'),
      tool_use_id: someText,
      content: fc.array(anyJsonObject, { maxLength: 2 }),
    }),
    fc.record({ type: fc.constant('compaction'), content: someText, encrypted_content: fc.constant(null) }),
  )
  .map(value => ({ type: 'opaque', protocol: 'anthropic-messages', value }))

const citation = anyJsonObject.map(value => ({ protocol: 'anthropic-messages' as const, value }))

const refusal: fc.Arbitrary<Stop> = fc.record({
  reason: fc.constant('refusal' as const),
  explanation: someText,
  category: someText,
})
const compaction: fc.Arbitrary<Stop> = fc.constant({ reason: 'pause', raw: 'compaction' })

const words: AnswerWords = { opaque, citation, stop: fc.oneof(anyStop, refusal, compaction) }

const wireWords: Readonly<Record<Stop['reason'], string>> = {
  'end-turn': 'end_turn',
  'max-tokens': 'max_tokens',
  'context-window': 'model_context_window_exceeded',
  'stop-sequence': 'stop_sequence',
  'tool-use': 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
}

/*
 * What the wire changes, and nothing else is:
 * 1. the answer has the id that the client sees;
 * 2. a stop has the wire's own word;
 * 3. a prompt is at least as long as its parts, and one of no tokens is unknown;
 * 4. at the start, no output is an unknown count of it; at the end, it is a count of none;
 * 5. the counts at the end repeat those at the start that they do not change.
 */
function normalStop(stop: Stop): Stop {
  return { raw: wireWords[stop.reason], ...stop }
}

function normalUsage({ inputTokens = 0, ...usage }: Usage): Usage {
  const whole = Math.max(inputTokens, (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0))
  return { ...usage, ...(whole > 0 && { inputTokens: whole }) }
}

function normalStartUsage(usage: Usage): Usage {
  const { outputTokens = 0, ...rest } = normalUsage(usage)
  return { ...rest, ...(outputTokens > 0 && { outputTokens }) }
}

function normal(events: readonly ModelEvent[]): readonly ModelEvent[] {
  let known: Usage = {}
  return events.map(event => {
    if (event.type === 'start') {
      known = event.usage
      return { ...event, id: context.responseId, usage: normalStartUsage(event.usage) }
    }
    if (event.type !== 'end') return event
    return { ...event, stop: normalStop(event.stop), usage: normalUsage({ outputTokens: 0, ...known, ...event.usage }) }
  })
}

test('what is written as a stream is read back the same', () =>
  fc.assert(
    fc.asyncProperty(arbitraryAnswer(words), async events => {
      expect(await all(client.decodeStream(server.encodeStream(play(events), context)))).toEqual(normal(events))
    }),
    runs,
  ))

async function* cut(frames: AsyncIterable<SseFrame>, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode((await all(frames)).map(formatSse).join(''))
  for (let at = 0, step = 0; at < bytes.length; step++) {
    const end = at + (sizes[step % sizes.length] ?? 1)
    yield bytes.subarray(at, end)
    at = end
  }
}

test('a stream is read back the same from its bytes, however they are cut', () =>
  fc.assert(
    fc.asyncProperty(
      arbitraryAnswer(words),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      async (events, sizes) => {
        const chunks = cut(server.encodeStream(play(events), context), sizes)
        expect(await all(client.decodeStream(decodeSse(chunks)))).toEqual(normal(events))
      },
    ),
    runs,
  ))

test('a stream is read back the same from single bytes', () =>
  fc.assert(
    fc.asyncProperty(arbitraryAnswer({ ...words, maxBlocks: 2 }), async events => {
      const chunks = cut(server.encodeStream(play(events), context), [1])
      expect(await all(client.decodeStream(decodeSse(chunks)))).toEqual(normal(events))
    }),
    { numRuns: 100 },
  ))

test('every stream is in grammar, with pings anywhere', () =>
  fc.assert(
    fc.asyncProperty(arbitraryAnswer(words), fc.nat(), async (events, place) => {
      const frames = await all(server.encodeStream(play(events), context))
      frames.splice(place % frames.length, 0, server.keepAlive)
      expect(checkAnthropicStream(frames)).toEqual([])
    }),
    runs,
  ))

function normalWhole(answer: Answer): Answer {
  return {
    ...answer,
    id: context.responseId,
    stop: normalStop(answer.stop),
    usage: normalUsage({ outputTokens: 0, ...answer.usage }),
  }
}

test('what is written as a whole is read back the same', () =>
  fc.assert(
    fc.asyncProperty(arbitraryWhole(words), async whole => {
      const answer = await whole
      const body: unknown = JSON.parse(JSON.stringify(server.encodeAnswer(answer, context)))
      expect(client.decodeAnswer(body)).toEqual(normalWhole(answer))
    }),
    runs,
  ))

test('arguments that a model left unfinished survive a whole answer', () =>
  fc.assert(
    fc.asyncProperty(arbitraryWhole({ blocks: ['tool-call'], toolInput: someText, usage: anyUsage }), async whole => {
      const answer = await whole
      const read = client.decodeAnswer(server.encodeAnswer(answer, context))
      expect(read.blocks.map(written => tidy(written.content))).toEqual(
        answer.blocks.map(written => tidy(written.content)),
      )
    }),
    runs,
  ))

/** Arguments of nothing are an empty object. */
function tidy(input: string): string {
  return input.trim() === '' ? '{}' : input
}

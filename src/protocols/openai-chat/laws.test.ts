import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryAnswer } from '../../../test/support/arbitrary-answer.ts'
import { arbitraryRequest } from '../../../test/support/arbitrary-request.ts'
import { checkChatStream } from '../../../test/support/chat-grammar.ts'
import { all, play } from '../../../test/support/play.ts'
import { collect, type Answer, type Written } from '../../core/collect.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { Stop } from '../../core/stop.ts'
import type { Usage } from '../../core/usage.ts'
import { defined } from '../json.ts'
import type { ReplyContext } from '../protocol.ts'
import { decodeSse, formatSse } from '../sse.ts'
import { openaiChat } from './index.ts'

const { server, client } = openaiChat
const context: ReplyContext = { responseId: 'chatcmpl-1', requestId: 'req_1', created: 7, includesUsage: true }

/** Any answer, with some that refuse in words. */
const anyEvents = fc
  .tuple(arbitraryAnswer({ hasLogprobs: true }), fc.option(fc.string({ minLength: 1 }), { nil: undefined }))
  .map(([events, explanation]) =>
    explanation === undefined ? events : events.map(event => explained(event, explanation)),
  )

function explained(event: ModelEvent, explanation: string): ModelEvent {
  if (event.type !== 'end' || event.stop.reason !== 'refusal') return event
  return { ...event, stop: { ...event.stop, explanation } }
}

describe('a streamed answer', () => {
  test('keeps the grammar of a chat stream, whatever the model wrote', () =>
    check(anyEvents, async events => {
      expect(checkChatStream(await all(server.encodeStream(play(events), context)))).toEqual([])
      expect(
        checkChatStream(await all(server.encodeStream(play(events), { ...context, includesUsage: false }))),
      ).toEqual([])
    }))

  test('is read back the same, but for what Chat cannot say', () =>
    check(anyEvents, async events => {
      const decoded = await all(client.decodeStream(server.encodeStream(play(events), context)))
      expect(checkEvents(decoded)).toEqual([])
      expect(await collect(play(decoded))).toEqual(asStreamed(await collect(play(events))))
    }))

  test('is read back the same however its bytes are cut', () =>
    check(fc.tuple(anyEvents, anyCuts), async ([events, cuts]) => {
      const frames = await all(server.encodeStream(play(events), context))
      const whole = await all(client.decodeStream(play(frames)))
      const bytes = new TextEncoder().encode(frames.map(formatSse).join(''))
      expect(await all(client.decodeStream(decodeSse(play(cut(bytes, cuts)))))).toEqual(whole)
    }))
})

describe('a whole answer', () => {
  test('is read back the same, but for what Chat cannot say', () =>
    check(anyEvents, async events => {
      const answer = await collect(play(events))
      const body: unknown = JSON.parse(JSON.stringify(server.encodeAnswer(answer, context)))
      expect(client.decodeAnswer(body)).toEqual(asWhole(answer))
    }))

  test('is what the stream of the same answer comes to', () =>
    check(anyEvents, async events => {
      const answer = await collect(play(events))
      const streamed = await collect(client.decodeStream(server.encodeStream(play(events), context)))
      const whole = { ...asWhole(streamed), stop: streamed.stop }
      expect(client.decodeAnswer(server.encodeAnswer(answer, context))).toEqual(whole)
    }))
})

describe('a request for an upstream', () => {
  test('is one that the server half accepts, whatever was asked', () =>
    check(fc.tuple(arbitraryRequest(), fc.boolean()), async ([request, isStreaming]) => {
      const { body } = client.encodeRequest({ request, isStreaming })
      const plain: unknown = JSON.parse(JSON.stringify(body))
      expect(plain).toStrictEqual(body)
      expect(server.decodeRequest(plain, {})).toMatchObject({ isStreaming, includesUsage: isStreaming })
    }))

  test('is the same after it was read and written once more', () =>
    check(arbitraryRequest(), async request => {
      const once = client.encodeRequest({ request, isStreaming: true }).body
      const twice = client.encodeRequest(server.decodeRequest(once, {})).body
      expect(twice).toEqual(once)
    }))
})

function check<T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, law), { numRuns: 300 })
}

const anyCuts = fc.oneof(fc.constant([1]), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }))

/** Cuts bytes into pieces of the given sizes, over and over. */
function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** Checks that blocks count up from zero, one is open at a time and each delta names it. */
function checkEvents(events: readonly ModelEvent[]): string[] {
  const faults: string[] = []
  let count = 0
  let isOpen = false
  for (const [at, event] of events.entries()) {
    if ((event.type === 'start') !== (at === 0)) faults.push(`${event.type} at ${at}`)
    if ((event.type === 'end') !== (at === events.length - 1)) faults.push(`${event.type} at ${at}`)
    if (!('index' in event)) continue
    if (event.type === 'block-start') {
      if (isOpen || event.index !== count) faults.push(`block ${event.index} begins out of turn`)
      count += 1
    } else if (!isOpen || event.index !== count - 1) faults.push(`${event.type} outside block ${event.index}`)
    isOpen = event.type !== 'block-end'
  }
  return faults
}

// The normalisations, as docs/mapping/openai-chat.md lists them.

function asStreamed(answer: Answer): Answer {
  const blocks: Written[] = []
  for (const written of answer.blocks.flatMap(sayable)) {
    const last = blocks.at(-1)
    if (last && last.block.type === written.block.type && last.block.type !== 'tool-call') {
      blocks[blocks.length - 1] = join([last, written])
    } else blocks.push(written)
  }
  return {
    id: context.responseId,
    model: answer.model,
    blocks,
    stop: sayableStop(answer),
    usage: sayableUsage(answer.usage),
  }
}

/** Without a stream, the order of text, reasoning and calls is gone too. */
function asWhole(answer: Answer): Answer {
  const streamed = asStreamed(answer)
  const of = (type: Written['block']['type']) => streamed.blocks.filter(({ block }) => block.type === type)
  const blocks = [of('thinking'), of('text')].filter(group => group.length > 0).map(join)
  return { ...streamed, blocks: [...blocks, ...of('tool-call')] }
}

function sayable({ block, content, logprobs }: Written): readonly Written[] {
  if (block.type === 'tool-call') return [{ block, content: content === '' ? '{}' : content }]
  if (block.type !== 'text' && block.type !== 'thinking') return []
  const isEmpty = content === '' && !logprobs
  return isEmpty ? [] : [{ block, content, ...(logprobs && { logprobs }) }]
}

function join(written: readonly Written[]): Written {
  const [first] = written
  if (!first) throw new Error('nothing to join')
  const logprobs = written.flatMap(({ logprobs }) => logprobs ?? [])
  const content = written.map(({ content }) => content).join('')
  return { block: first.block, content, ...(logprobs.length > 0 && { logprobs }) }
}

function sayableStop({ stop, blocks }: Answer): Stop {
  switch (stop.reason) {
    case 'end-turn':
    case 'pause': {
      const called = blocks.some(({ block }) => block.type === 'tool-call')
      return { reason: called ? 'tool-use' : 'end-turn', raw: 'stop' }
    }
    case 'stop-sequence':
      return { ...stop, raw: 'stop' }
    case 'max-tokens':
    case 'context-window':
      return { reason: 'max-tokens', raw: 'length' }
    case 'tool-use':
      return { reason: 'tool-use', raw: 'tool_calls' }
    case 'refusal': {
      const { explanation } = stop
      return { reason: 'refusal', raw: 'content_filter', ...(explanation !== undefined && { explanation }) }
    }
  }
}

function sayableUsage(usage: Usage): Usage {
  if (usage.inputTokens === undefined || usage.outputTokens === undefined) return {}
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = usage
  return defined({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens })
}

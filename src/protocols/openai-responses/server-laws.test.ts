import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyJsonObject, arbitraryAnswer } from '../../../test/support/arbitrary-answer.ts'
import { arbitraryRequest } from '../../../test/support/arbitrary-request.ts'
import { eventFaults } from '../../../test/support/event-grammar.ts'
import { all, play } from '../../../test/support/play.ts'
import { checkResponsesStream } from '../../../test/support/responses-grammar.ts'
import { type Answer, collect, type Written } from '../../core/collect.ts'
import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Stop } from '../../core/stop.ts'
import type { Usage } from '../../core/usage.ts'
import type { ReplyContext } from '../protocol.ts'
import { sealReasoning } from '../reasoning-seal.ts'
import { decodeSse, formatSse, type SseFrame } from '../sse.ts'
import { encryptedContent, redactedContent } from './decode-reasoning.ts'
import { openaiResponses } from './index.ts'

const { server, client } = openaiResponses

const { echo = {} } = server.decodeRequest({ model: 'asked', input: 'Hi' }, {})
const context: ReplyContext = { responseId: 'resp_u1', requestId: 'req_1', created: 7, includesUsage: true, echo }

const anyItem = fc
  .tuple(anyJsonObject, fc.uuid())
  .map(([value, id]): JsonObject => ({ ...value, type: 'web_search_call', id }))

/** Any answer at all, as any backend may give it. */
const anyEvents = arbitraryAnswer({
  opaque: fc.oneof(
    anyItem.map(value => ({ type: 'opaque' as const, protocol: 'openai-responses' as const, value })),
    anyJsonObject.map(value => ({ type: 'opaque' as const, protocol: 'anthropic-messages' as const, value })),
  ),
  citation: anyJsonObject.map(value => ({ protocol: 'openai-responses', value })),
  hasLogprobs: true,
})

describe('an answer', () => {
  test('is spoken in grammar, however it ends', () =>
    check(fc.tuple(anyEvents, fc.nat()), async ([events, at]) => {
      expect(checkResponsesStream(await all(server.encodeStream(play(events), context)))).toEqual([])
      expect(checkResponsesStream(await failing(events.slice(0, at % events.length)))).toEqual([])
    }))

  test('is spoken in grammar with silence anywhere in it', () =>
    check(fc.tuple(anyEvents, fc.array(fc.nat())), async ([events, silences]) => {
      const stream = server.openStream?.(context)
      if (!stream) throw new Error('the frames of this protocol are numbered')
      const frames: SseFrame[] = []
      const quiet = new Set(silences.map(at => at % (events.length * 2)))
      if (quiet.has(0)) frames.push(...stream.keepAlive())
      for await (const frame of stream.encode(play(events))) {
        frames.push(frame)
        // A reply that has ended says nothing more.
        const isLast = 'data' in frame && /"type":"response\.(completed|incomplete)"/.test(frame.data)
        if (!isLast && quiet.has(frames.length)) frames.push(...stream.keepAlive())
      }
      expect(checkResponsesStream(frames)).toEqual([])
    }))

  test('is read back as it was, but for what Responses cannot say', () =>
    check(anyEvents, async events => {
      const read = await all(client.decodeStream(server.encodeStream(play(events), context)))
      expect(eventFaults(read)).toEqual([])
      expect(await collect(play(read))).toEqual(asSaid(await collect(play(events))))
    }))

  test('is read back the same however its bytes are cut', () =>
    check(fc.tuple(anyEvents, fc.integer({ min: 1, max: 40 })), async ([events, size]) => {
      const frames = await all(server.encodeStream(play(events), context))
      const bytes = new TextEncoder().encode(frames.map(formatSse).join(''))
      const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      const whole = await all(client.decodeStream(play(frames)))
      expect(await all(client.decodeStream(decodeSse(play(cut))))).toEqual(whole)
    }))

  test('is, whole, what the last event of its stream holds', () =>
    check(anyEvents, async events => {
      const frames = await all(server.encodeStream(play(events), context))
      const last = frames.at(-1)
      const { response } = JSON.parse(last && 'data' in last ? last.data : '{}') as { readonly response: object }
      const whole = server.encodeAnswer(await collect(play(events)), context)
      expect(whole).toEqual(response)
      expect(client.decodeAnswer(whole)).toEqual(asSaid(await collect(play(events))))
    }))
})

test('a call of a tool in a namespace is told as its upstream told it, whatever is named the same outside', () => {
  const inner = [{ type: 'function', name: 'search' }]
  const tools = [
    { type: 'custom', name: 'search' },
    { type: 'namespace', name: 'docs', tools: inner },
  ]
  const { echo = {} } = server.decodeRequest({ model: 'asked', input: 'Hi', tools }, {})
  const call = { type: 'function_call', call_id: 'c1', name: 'search', namespace: 'docs', arguments: '{}' }
  const answer = client.decodeAnswer({ id: 'x', model: 'm', status: 'completed', output: [call] })
  expect(server.encodeAnswer(answer, { ...context, echo })['output']).toMatchObject([call])
})

test('a custom call that is cut off has the text that there is, and goes on as it was', async () => {
  const tools = [{ type: 'custom', name: 'patch' }]
  const asked = server.decodeRequest({ model: 'asked', input: 'Hi', tools }, {})
  const frames = await all(
    server.encodeStream(
      play([
        { type: 'start', id: 'x', model: 'm', usage: {} },
        { type: 'block-start', index: 0, block: { type: 'tool-call', id: 'c1', name: 'patch' } },
        { type: 'input-delta', index: 0, json: '{"input":"*** Be' },
        { type: 'block-end', index: 0 },
        { type: 'end', stop: { reason: 'max-tokens' }, usage: {} },
      ]),
      { ...context, ...(asked.echo && { echo: asked.echo }) },
    ),
  )
  expect(checkResponsesStream(frames)).toEqual([])
  const last = frames.at(-1)
  const { response } = JSON.parse(last && 'data' in last ? last.data : '{}') as {
    readonly response: { readonly output: readonly JsonObject[] }
  }
  expect(response.output).toMatchObject([{ type: 'custom_tool_call', status: 'incomplete', input: '*** Be' }])
  const next = server.decodeRequest({ model: 'asked', input: response.output, tools }, {})
  expect(next.request.messages[0]?.content).toMatchObject([{ name: 'patch', input: '{"input":"*** Be"}' }])
})

describe('an answer that another server numbers', () => {
  const created = 'data: {"type":"response.created","response":{"id":"resp_other"},"sequence_number":0}\n\n'
  const delta = 'data: {"type":"response.output_text.delta","delta":"a","sequence_number":7}\n\n'
  const unnumbered = 'data: {"type":"response.created","response":{"id":"resp_other"}}\n\n'
  const late = 'data: {"type":"response.output_text.delta","delta":"b","sequence_number":3}\n\n'

  test.each([
    ['ends with the next number', [created, delta], [8]],
    ['keeps its count over comments', [created, delta, ': ping\n\n'], [8]],
    ['keeps its count over bytes that say nothing', [created, delta, '\n'], [8]],
    ['never counts back', [created, delta, late], [8]],
    ['is begun only once, also without numbers', [unnumbered], [1]],
    ['begins where only a comment came before', [': ping\n\n'], [0, 1, 2]],
  ])('%s', (_, pieces, numbers) => {
    const stream = server.openStream?.(context)
    for (const piece of pieces) stream?.pass(new TextEncoder().encode(piece))
    const frames = stream?.fail(new ModelError('unavailable', 'gone')) ?? []
    const events = frames.map(frame => JSON.parse('data' in frame ? frame.data : '{}') as JsonObject)
    expect(events.map(event => event['sequence_number'])).toEqual(numbers)
    expect(events.at(-1)?.['type']).toBe('response.failed')
  })
})

describe('a request', () => {
  test('for an upstream is one that the server half accepts, whatever was asked', () =>
    check(fc.tuple(arbitraryRequest(), fc.boolean()), async ([request, isStreaming]) => {
      const { body } = client.encodeRequest({ request, isStreaming })
      if ((body['input'] as readonly unknown[]).length === 0) return
      expect(server.decodeRequest(JSON.parse(JSON.stringify(body)), {})).toMatchObject({ isStreaming })
    }))

  test('is the same after it was read and written once more', () =>
    check(arbitraryRequest(), async request => {
      const once = client.encodeRequest({ request, isStreaming: true }).body
      if ((once['input'] as readonly unknown[]).length === 0) return
      const twice = client.encodeRequest(server.decodeRequest(once, {})).body
      expect(twice).toEqual(once)
    }))
})

function check<T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, law), { numRuns: 150 })
}

async function failing(events: readonly ModelEvent[]): Promise<readonly SseFrame[]> {
  const stream = server.openStream?.(context)
  const frames: SseFrame[] = []
  try {
    for await (const frame of stream?.encode(play(events)) ?? []) frames.push(frame)
  } catch (error) {
    if (error instanceof ModelError) frames.push(...(stream?.fail(error) ?? []))
  }
  return frames
}

// The normalisations, as docs/mapping/openai-responses.md lists them.

function asSaid({ model, blocks, stop, usage }: Answer): Answer {
  const said = blocks
    .filter(isSayable)
    .map(asItem)
    .filter(({ block, content, citations, logprobs }) => {
      const isEmpty = content === '' && !citations && !logprobs
      return block.type !== 'text' || !isEmpty
    })
  // Reasoning of which nothing is told and nothing kept is not there.
  const blocksSaid = said.filter(({ block, content, signature }) => {
    return block.type !== 'thinking' || content !== '' || signature !== undefined
  })
  const hasCalls = blocksSaid.some(({ block }) => block.type === 'tool-call')
  return { id: 'resp_u1', model, blocks: blocksSaid, stop: stopSaid(stop, hasCalls), usage: usageSaid(usage) }
}

function isSayable({ block }: Written): boolean {
  return block.type !== 'opaque' || block.protocol === 'openai-responses'
}

/** Ids count the items of an answer: neighbouring texts are one. */
function asItem(written: Written, at: number, blocks: readonly Written[]): Written {
  const place = blocks.slice(0, at + 1).filter(({ block }, index) => {
    return index > 0 && !(block.type === 'text' && blocks[index - 1]?.block.type === 'text')
  }).length
  const { block, content, signature, logprobs, citations } = written
  const seal = (data: string) => sealReasoning('openai-responses', { id: `rs_u1_${place}`, data })
  switch (block.type) {
    case 'redacted-thinking':
      return { block: thinking, content: '', signature: seal(redactedContent(block.data)) }
    case 'thinking':
      return {
        block: thinking,
        content,
        ...(signature !== undefined && { signature: seal(encryptedContent(signature)) }),
      }
    case 'tool-call':
      return { block, content: content === '' ? '{}' : content }
    case 'text':
      return { block, content, ...(logprobs && { logprobs }), ...(citations && { citations }) }
    case 'opaque':
      return written
  }
}

const thinking = { type: 'thinking', origin: 'openai-responses' } as const

function stopSaid({ reason }: Stop, hasCalls: boolean): Stop {
  switch (reason) {
    case 'end-turn':
    case 'stop-sequence':
    case 'tool-use':
      return { reason: hasCalls ? 'tool-use' : 'end-turn', raw: 'completed' }
    case 'max-tokens':
    case 'context-window':
      return { reason: 'max-tokens', raw: 'max_output_tokens' }
    case 'refusal':
      return { reason, raw: 'content_filter' }
    case 'pause':
      return { reason, raw: 'steered' }
  }
}

function usageSaid({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens }: Usage): Usage {
  if (inputTokens === undefined || outputTokens === undefined) return {}
  return {
    inputTokens,
    outputTokens,
    cacheReadTokens: cacheReadTokens ?? 0,
    cacheWriteTokens: cacheWriteTokens ?? 0,
    thinkingTokens: thinkingTokens ?? 0,
  }
}

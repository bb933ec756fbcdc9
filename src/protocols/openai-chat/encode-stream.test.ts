import { describe, expect, test } from 'vitest'
import { checkChatStream } from '../../../test/support/chat-grammar.ts'
import { all, play } from '../../../test/support/play.ts'
import { collect } from '../../core/collect.ts'
import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import { openaiChat } from './index.ts'

const { server } = openaiChat
const context = { responseId: 'chatcmpl-1', requestId: 'req_1', created: 1, includesUsage: true }
const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }

const start: ModelEvent = { type: 'start', id: 'backend-id', model: 'm', usage: { inputTokens: 9, cacheReadTokens: 8 } }
const answer: readonly ModelEvent[] = [
  start,
  { type: 'block-start', index: 0, block: { type: 'thinking' } },
  { type: 'thinking-delta', index: 0, text: 'Hm.' },
  { type: 'signature', index: 0, signature: 'c2ln' },
  { type: 'block-end', index: 0 },
  { type: 'block-start', index: 1, block: { type: 'text' } },
  { type: 'text-delta', index: 1, text: 'Let me\nlook.' },
  { type: 'block-end', index: 1 },
  { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'call_1', name: 'pick' } },
  { type: 'input-delta', index: 2, json: '{"a"' },
  { type: 'input-delta', index: 2, json: ':1}' },
  { type: 'block-end', index: 2 },
  { type: 'block-start', index: 3, block: { type: 'tool-call', id: 'toolu_2', name: 'now' } },
  { type: 'block-end', index: 3 },
  { type: 'end', stop: { reason: 'tool-use' }, usage: { outputTokens: 7, thinkingTokens: 2 } },
]

async function speak(events: readonly ModelEvent[], includesUsage = true) {
  return all(server.encodeStream(play(events), { ...context, includesUsage }))
}

async function chunks(events: readonly ModelEvent[], includesUsage = true): Promise<unknown[]> {
  const frames = await speak(events, includesUsage)
  return frames.map(frame => {
    if ('comment' in frame) throw new Error('a comment in an answer')
    const chunk: unknown = frame.data === '[DONE]' ? frame.data : JSON.parse(frame.data)
    return chunk
  })
}

function delta(delta: object) {
  return { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], usage: null }
}

function ended(stop: object): readonly ModelEvent[] {
  const end: ModelEvent = { type: 'end', stop: { reason: 'end-turn', ...stop }, usage: {} }
  return [start, end]
}

describe('a streamed answer', () => {
  test('is spoken chunk by chunk, calls numbered from zero', async () => {
    expect(await chunks(answer)).toEqual([
      delta({ role: 'assistant', content: '' }),
      delta({ reasoning_content: 'Hm.' }),
      delta({ content: 'Let me\nlook.' }),
      delta({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'pick', arguments: '' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      delta({ tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '' } }] }),
      delta({ tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
      { ...head, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'tool_calls' }], usage: null },
      {
        ...head,
        choices: [],
        usage: {
          prompt_tokens: 9,
          completion_tokens: 7,
          total_tokens: 16,
          prompt_tokens_details: { cached_tokens: 8 },
          completion_tokens_details: { reasoning_tokens: 2 },
        },
      },
      '[DONE]',
    ])
  })

  test('says nothing of usage to a client that did not ask', async () => {
    const said = await chunks(answer, false)
    expect(said.filter(chunk => JSON.stringify(chunk).includes('usage'))).toEqual([])
    expect(said).toHaveLength(10)
  })

  test('the sequence that matched stands beside the finish reason, and nothing where none did', async () => {
    const last = async (stop: object) => (await chunks(ended(stop), false)).at(-2)
    expect(await last({ reason: 'stop-sequence', sequence: 'END' })).toMatchObject({
      choices: [{ finish_reason: 'stop', stop_reason: 'END' }],
    })
    expect(await last({})).toEqual({
      ...head,
      choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }],
    })
  })

  test('counts that are not known are null, not zero', async () => {
    expect((await chunks(ended({}))).at(-2)).toEqual({ ...head, choices: [], usage: null })
  })

  test('what an upstream of this protocol said of its version stands in every chunk', async () => {
    const extras = { 'openai-chat': { system_fingerprint: 'fp_1' } }
    const [first, ...others] = ended({})
    if (first?.type !== 'start') throw new Error('no start')
    const said = await chunks([{ ...first, extras }, ...others], false)
    expect(said.slice(0, -1)).toMatchObject([{ system_fingerprint: 'fp_1' }, { system_fingerprint: 'fp_1' }])
  })

  test('the likelihood of an impossible token is a number that JSON has', async () => {
    const token = { token: 'x', logprob: -Infinity }
    const said = await chunks([
      start,
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'text-delta', index: 0, text: 'x', logprobs: [{ ...token, top: [token] }] },
      { type: 'block-end', index: 0 },
      { type: 'end', stop: { reason: 'end-turn' }, usage: {} },
    ])
    const entry = { token: 'x', logprob: -9999, bytes: null }
    expect(said[1]).toMatchObject({
      choices: [
        { delta: { content: 'x' }, logprobs: { content: [{ ...entry, top_logprobs: [entry] }], refusal: null } },
      ],
    })
  })

  test('a refusal is told in its own words before it is told as a reason', async () => {
    const said = await chunks(ended({ reason: 'refusal', explanation: 'I will not.' }), false)
    expect(said.slice(1, 3)).toMatchObject([
      { choices: [{ delta: { refusal: 'I will not.' } }] },
      { choices: [{ finish_reason: 'content_filter' }] },
    ])
  })

  test('an answer that breaks off is a failure, not an end', async () => {
    await expect(speak(answer.slice(0, -1))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('a failure passes through, and its frame is the last', async () => {
    async function* failing() {
      yield* answer.slice(0, 7)
      throw new ModelError('overloaded', 'too many')
    }
    const frames: Awaited<ReturnType<typeof speak>> = []
    const reading = (async () => {
      for await (const frame of server.encodeStream(failing(), context)) frames.push(frame)
    })()
    const error = await reading.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(error instanceof ModelError)) throw new Error('the failure did not pass')
    frames.push(server.encodeStreamError(error, 'req_1'))
    expect(checkChatStream(frames)).toEqual([])
    expect(frames.at(-1)).toEqual({
      data: '{"error":{"message":"too many","type":"rate_limit_error","param":null,"code":"overloaded"}}',
    })
  })

  test('leaving early closes the answer', async () => {
    let isClosed = false
    async function* endless(): AsyncGenerator<ModelEvent> {
      try {
        for (;;) yield start
      } finally {
        isClosed = true
      }
    }
    for await (const _ of server.encodeStream(endless(), context)) break
    expect(isClosed).toBe(true)
  })

  test('nothing is visible before the first words, the first reasoning or the first call', () => {
    const visible = answer.filter(event => server.isVisible(event)).map(({ type }) => type)
    expect(visible).toEqual([
      'thinking-delta',
      'text-delta',
      'block-start',
      'input-delta',
      'input-delta',
      'block-start',
      'end',
    ])
    expect(server.isVisible({ type: 'text-delta', index: 0, text: '' })).toBe(false)
  })
})

describe('a whole answer', () => {
  test('has null for what it does not say', async () => {
    const calls = answer.filter(event => !('index' in event) || event.index > 1).map(renumbered)
    const body = server.encodeAnswer(await collect(play(calls)), context)
    expect(body).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'pick', arguments: '{"a":1}' } },
              { id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '{}' } },
            ],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 7,
        total_tokens: 16,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    })
  })

  test('has reasoning and text side by side', async () => {
    expect(server.encodeAnswer(await collect(play(answer)), context)).toMatchObject({
      choices: [{ message: { content: 'Let me\nlook.', reasoning_content: 'Hm.' } }],
    })
  })

  test('without any text or call is empty text', async () => {
    expect(server.encodeAnswer(await collect(play(ended({}))), context)).toMatchObject({
      choices: [{ message: { content: '', refusal: null } }],
    })
  })
})

function renumbered(event: ModelEvent): ModelEvent {
  return 'index' in event ? { ...event, index: event.index - 2 } : event
}

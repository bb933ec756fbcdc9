import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyToolInput, inPieces } from '../../../test/support/arbitrary-answer.ts'
import { all, play } from '../../../test/support/play.ts'
import { collect } from '../../core/collect.ts'
import type { ModelEvent } from '../../core/events.ts'
import { decodeStream } from './decode-stream.ts'

type Piece = { readonly index?: number; readonly id?: string; readonly name?: string; readonly json?: string }

const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm' }

function chunk(choice: object, rest: object = {}): string {
  return JSON.stringify({ ...head, choices: [{ index: 0, ...choice }], ...rest })
}

function says(delta: object): string {
  return chunk({ delta, finish_reason: null })
}

function call({ index = 0, id, name, json = '' }: Piece): string {
  return says({ tool_calls: [{ index, ...(id && { id }), function: { ...(name && { name }), arguments: json } }] })
}

const opening = says({ role: 'assistant', content: '' })
const finish = (finish_reason: string, rest: object = {}) => chunk({ delta: {}, finish_reason, ...rest })

function decode(...data: readonly string[]): Promise<ModelEvent[]> {
  return all(decodeStream(play(data.map(data => ({ data })))))
}

async function whole(...data: readonly string[]) {
  return collect(play(await decode(...data)))
}

describe('a well-meant stream', () => {
  test('text, reasoning and calls become blocks, one open at a time', async () => {
    const events = await decode(
      opening,
      says({ reasoning: 'Hm.' }),
      says({ content: 'Let me ' }),
      says({ content: 'see.' }),
      call({ id: 'call_1', name: 'look', json: '' }),
      call({ json: '{}' }),
      finish('tool_calls'),
      JSON.stringify({ ...head, choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } }),
      '[DONE]',
    )
    expect(events).toEqual([
      { type: 'start', id: 'c1', model: 'm', usage: {} },
      { type: 'block-start', index: 0, block: { type: 'thinking' } },
      { type: 'thinking-delta', index: 0, text: 'Hm.' },
      { type: 'block-end', index: 0 },
      { type: 'block-start', index: 1, block: { type: 'text' } },
      { type: 'text-delta', index: 1, text: 'Let me ' },
      { type: 'text-delta', index: 1, text: 'see.' },
      { type: 'block-end', index: 1 },
      { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'call_1', name: 'look' } },
      { type: 'input-delta', index: 2, json: '{}' },
      { type: 'block-end', index: 2 },
      { type: 'end', stop: { reason: 'tool-use', raw: 'tool_calls' }, usage: { inputTokens: 3, outputTokens: 4 } },
    ])
  })

  test('events are passed on as they come, not at the end', async () => {
    const seen: string[] = []
    async function* frames() {
      for (const data of [opening, says({ content: 'a' }), says({ content: 'b' }), finish('stop')]) {
        seen.push('chunk')
        yield { data }
      }
    }
    for await (const event of decodeStream(frames())) seen.push(event.type)
    expect(seen.join(' ')).toBe('chunk start chunk block-start text-delta chunk text-delta chunk block-end end')
  })

  test('calls whose pieces are interleaved come one after another, however they are mixed', async () => {
    const anyCalls = fc.array(anyToolInput.chain(inPieces), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(anyCalls, fc.infiniteStream(fc.nat()), async (calls, choices) => {
        const left = calls.map((pieces, index) => [
          { index, id: `call_${index}`, name: 'f' },
          ...pieces.map(json => ({ index, json })),
        ])
        const mixed: string[] = []
        while (left.some(pieces => pieces.length > 0)) {
          const open = left.filter(pieces => pieces.length > 0)
          const piece = open[choices.next().value % open.length]?.shift()
          if (piece) mixed.push(call(piece))
        }
        const { blocks } = await whole(opening, ...mixed, finish('tool_calls'))
        const written = blocks.map(({ block, content }) => [block.type === 'tool-call' && block.id, content])
        const order = new Map(calls.map((pieces, index) => [`call_${index}`, pieces.join('')]))
        expect(new Map(written.map(([id, content]) => [id, content]))).toEqual(order)
        expect(written).toHaveLength(calls.length)
      }),
      { numRuns: 300 },
    )
  })

  test('a later call waits until the arguments before it are complete', async () => {
    const events = await decode(
      opening,
      call({ index: 0, id: 'a', name: 'f', json: '{"x":' }),
      call({ index: 1, id: 'b', name: 'g', json: '{"y"' }),
      call({ index: 0, json: '"}"}' }),
      call({ index: 1, json: ':2}' }),
      finish('tool_calls'),
    )
    const pieces = events.flatMap(event => (event.type === 'input-delta' ? [[event.index, event.json]] : []))
    expect(pieces).toEqual([
      [0, '{"x":'],
      [0, '"}"}'],
      [1, '{"y"'],
      [1, ':2}'],
    ])
  })

  test('calls that all have the index 0 are told apart by their ids', async () => {
    const { blocks } = await whole(
      opening,
      call({ id: 'a', name: 'f', json: '{}' }),
      call({ id: 'b', name: 'g', json: '{}' }),
      finish('stop'),
    )
    expect(blocks.map(({ block }) => block)).toEqual([
      { type: 'tool-call', id: 'a', name: 'f' },
      { type: 'tool-call', id: 'b', name: 'g' },
    ])
  })

  test.each<[reason: string, rest: object, stop: object]>([
    ['stop', {}, { reason: 'end-turn', raw: 'stop' }],
    ['stop', { stop_reason: 'END' }, { reason: 'stop-sequence', sequence: 'END', raw: 'stop' }],
    ['stop', { stop_reason: 128_009 }, { reason: 'end-turn', raw: 'stop' }],
    ['length', {}, { reason: 'max-tokens', raw: 'length' }],
    ['content_filter', {}, { reason: 'refusal', raw: 'content_filter' }],
    ['eos', {}, { reason: 'end-turn', raw: 'eos' }],
  ])('the finish reason %s with %j is %j', async (reason, rest, stop) => {
    expect((await whole(opening, says({ content: 'x' }), finish(reason, rest))).stop).toEqual(stop)
  })

  test('a plain stop after tool calls is a turn that waits for their results', async () => {
    const { stop } = await whole(opening, call({ id: 'a', name: 'f', json: '{}' }), finish('stop'))
    expect(stop).toEqual({ reason: 'tool-use', raw: 'stop' })
  })

  test('a refusal is a reason to stop, with its words', async () => {
    const { stop, blocks } = await whole(
      opening,
      says({ refusal: 'I will ' }),
      says({ refusal: 'not.' }),
      finish('stop'),
    )
    expect(stop).toEqual({ reason: 'refusal', raw: 'stop', explanation: 'I will not.' })
    expect(blocks).toEqual([])
  })

  test('the last known value of each count holds', async () => {
    const events = await decode(
      chunk({ delta: { role: 'assistant', content: '' } }, { usage: { prompt_tokens: 5, completion_tokens: 1 } }),
      chunk({ delta: {}, finish_reason: 'stop' }, { usage: { completion_tokens: 9, prompt_tokens_details: null } }),
    )
    expect(events.at(-1)).toMatchObject({ type: 'end', usage: { inputTokens: 5, outputTokens: 9 } })
  })

  test('a chunk without choices before the first, as Azure sends it, begins nothing', async () => {
    const events = await decode(JSON.stringify({ id: '', model: '', choices: [] }), opening, finish('stop'))
    expect(events[0]).toMatchObject({ type: 'start', id: 'c1' })
  })

  test('calls that never become complete come whole once nothing more can come', async () => {
    const { blocks } = await whole(
      opening,
      ...['a', 'b', 'c'].map((id, index) => call({ index, id, name: 'f', json: `{"${id}` })),
      ...[2, 1, 0].map(index => call({ index, json: '…' })),
      finish('length'),
    )
    expect(blocks.map(({ content }) => content)).toEqual(['{"a…', '{"b…', '{"c…'])
  })

  test('nothing is read after [DONE], and frames without data mean nothing', async () => {
    const events = await decode('', opening, finish('stop'), '[DONE]', 'not JSON')
    expect(events.at(-1)).toMatchObject({ type: 'end' })
  })

  test('what the upstream says of its version is kept for clients of this protocol', async () => {
    const events = await decode(
      chunk({ delta: { role: 'assistant', content: '' } }, { system_fingerprint: 'fp_1' }),
      finish('stop'),
    )
    expect(events[0]).toMatchObject({ extras: { 'openai-chat': { system_fingerprint: 'fp_1' } } })
  })

  test('leaving early closes the source', async () => {
    let isClosed = false
    async function* frames() {
      try {
        for (;;) yield { data: says({ content: 'x' }) }
      } finally {
        isClosed = true
      }
    }
    for await (const event of decodeStream(frames())) if (event.type === 'text-delta') break
    expect(isClosed).toBe(true)
  })
})

describe('what is not an answer', () => {
  test('more calls than anyone makes are refused, not kept', async () => {
    const calls = (count: number) =>
      Array.from({ length: count }, (_, index) => call({ index, id: `c${index}`, name: 'f', json: '{' }))
    expect((await whole(opening, ...calls(1024), finish('stop'))).blocks).toHaveLength(1024)
    await expect(decode(opening, ...calls(1025), finish('stop'))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('a call that waits is kept up to a limit', async () => {
    const piece = call({ index: 1, json: 'x'.repeat(1024 * 1024) })
    const before = [opening, call({ index: 0, id: 'a', name: 'f', json: '{' }), call({ index: 1, id: 'b', name: 'f' })]
    const pieces = (count: number) => Array.from({ length: count }, () => piece)
    expect((await whole(...before, ...pieces(16), finish('stop'))).blocks).toHaveLength(2)
    await expect(decode(...before, ...pieces(17), finish('stop'))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test.each<[what: string, kind: string, data: readonly string[]]>([
    ['nothing', 'unavailable', []],
    ['nothing but the end', 'unavailable', ['[DONE]']],
    ['an answer that breaks off', 'unavailable', [opening, says({ content: 'x' })]],
    ['[DONE] without a finish reason', 'unavailable', [opening, '[DONE]']],
    ['text that is not JSON', 'unavailable', [opening, '{"id":']],
    ['JSON that is no object', 'unavailable', ['[]']],
    ['a chunk without choices', 'unavailable', ['{}']],
    ['a second choice', 'unavailable', [JSON.stringify({ ...head, choices: [{ index: 1, delta: {} }] })]],
    ['content that is no text', 'unavailable', [says({ content: [{ type: 'text' }] }), finish('stop')]],
    ['a call without a name', 'unavailable', [opening, call({ id: 'a' }), finish('tool_calls')]],
    ['text after the finish', 'unavailable', [opening, finish('stop'), says({ content: 'x' })]],
    ['a failed finish', 'unavailable', [opening, finish('error')]],
    [
      'more of a closed call',
      'unavailable',
      [opening, call({ id: 'a', name: 'f', json: '{}' }), says({ content: 'x' }), call({ json: '{}' })],
    ],
    ['an error', 'unavailable', [opening, '{"error":{"message":"boom","type":"server_error"}}']],
    ['an overload', 'overloaded', ['{"error":{"message":"busy","code":503}}']],
    ['a rate limit', 'rate-limited', ['{"error":{"message":"slow","code":"rate_limit_exceeded"}}']],
    [
      'a request that was wrong',
      'invalid-request',
      ['{"error":{"message":"no","type":"invalid_request_error","code":null}}'],
    ],
  ])('%s is %s', async (_, kind, data) => {
    await expect(decode(...data)).rejects.toMatchObject({ name: 'ModelError', kind })
  })

  test('nothing of the words of an upstream reaches the message', async () => {
    const failed = decode('{"error":{"message":"secret sk-123","type":"server_error"}}')
    await expect(failed).rejects.toMatchObject({ message: 'the upstream failed to answer', cause: expect.any(Error) })
  })
})

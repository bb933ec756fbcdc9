import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { eventFaults } from '../../../test/support/event-grammar.ts'
import { all, play } from '../../../test/support/play.ts'
import { collect } from '../../core/collect.ts'
import type { ModelEvent } from '../../core/events.ts'
import { decodeSse } from '../sse.ts'
import { decodeStream } from './decode-stream.ts'

const folder = new URL('../../../test/fixtures/openai-responses/', import.meta.url)
const names = (await readdir(folder)).filter(file => file.endsWith('.txt')).map(file => file.replace('.chunks.txt', ''))

async function fixture(name: string): Promise<readonly string[]> {
  const text = await readFile(new URL(`${name}.chunks.txt`, folder), 'utf8')
  return text.split('\n').filter(line => line !== '')
}

function decode(data: readonly string[]): Promise<ModelEvent[]> {
  return all(decodeStream(play(data.map(data => ({ data })))))
}

async function whole(name: string) {
  return collect(play(await decode(await fixture(name))))
}

/** Reads up to where it fails. */
async function untilFailure(frames: Parameters<typeof decodeStream>[0]) {
  const events: ModelEvent[] = []
  try {
    for await (const event of decodeStream(frames)) events.push(event)
    return { events, failure: undefined }
  } catch (failure) {
    return { events, failure }
  }
}

const end = { stop: { reason: 'end-turn', raw: 'completed' } }

describe('an answer as upstreams write it', () => {
  test('text comes in its pieces, with what was cached as a part of the input', async () => {
    expect(await decode(await fixture('openai-text.1'))).toEqual([
      { type: 'start', id: 'resp_0a1', model: 'gpt-6-astra-2026-09-01', usage: {} },
      { type: 'block-start', index: 0, block: { type: 'text' } },
      { type: 'text-delta', index: 0, text: 'Salt' },
      { type: 'text-delta', index: 0, text: ', ' },
      { type: 'text-delta', index: 0, text: 'pepper' },
      { type: 'text-delta', index: 0, text: ' — 塩.' },
      { type: 'block-end', index: 0 },
      {
        type: 'end',
        ...end,
        usage: { inputTokens: 1203, cacheReadTokens: 1024, cacheWriteTokens: 0, outputTokens: 9, thinkingTokens: 0 },
      },
    ])
  })

  test('a call of a tool in a namespace has the name by which everybody knows it, and keeps its own', async () => {
    const item = {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'c1',
      name: 'search',
      namespace: 'docs',
      arguments: '{}',
    }
    const response = { id: 'resp_1', model: 'm', status: 'completed', output: [item] }
    const events = await decode([JSON.stringify({ type: 'response.completed', response })])
    const extras = { 'openai-responses': { namespace: 'docs', name: 'search' } }
    expect(events).toContainEqual({
      type: 'block-start',
      index: 0,
      block: { type: 'tool-call', id: 'c1', name: 'docs__search', extras },
    })
  })

  test('calls whose pieces are interleaved come one after another, with their call ids', async () => {
    const events = await decode(await fixture('openai-parallel-tools.1'))
    expect(eventFaults(events)).toEqual([])
    expect(await collect(play(events))).toMatchObject({
      blocks: [
        { block: { type: 'tool-call', id: 'call_A1', name: 'weather' }, content: '{"city":"Oslo"}' },
        { block: { type: 'tool-call', id: 'call_B2', name: 'weather' }, content: '{"city":"Rome"}' },
      ],
      stop: { reason: 'tool-use', raw: 'completed' },
    })
  })

  test('reasoning is its summary, signed with what only its maker can read', async () => {
    const { blocks, usage, stop } = await whole('openai-reasoning.1')
    expect(blocks).toEqual([
      {
        block: { type: 'thinking', origin: 'openai-responses' },
        content: '**Counting** three.\n\n**Adding** four.',
        signature: 'duologue.openai-responses.rs_0d1:gAAAAAB0opaque==',
      },
      { block: { type: 'text', extras: { 'openai-responses': { phase: 'commentary' } } }, content: 'Let me look.' },
      { block: { type: 'tool-call', id: 'call_C3', name: 'add' }, content: '{"a":3,"b":4}' },
    ])
    expect(stop.reason).toBe('tool-use')
    expect(usage).toMatchObject({ inputTokens: 300, cacheWriteTokens: 256, outputTokens: 190, thinkingTokens: 128 })
  })

  test('a refusal is a reason to stop, with its words', async () => {
    const { blocks, stop } = await whole('openai-refusal.1')
    expect(blocks).toEqual([])
    expect(stop).toEqual({ reason: 'refusal', raw: 'completed', explanation: 'I cannot help with that.' })
  })

  test.each([
    ['openai-max-tokens.1', { reason: 'max-tokens', raw: 'max_output_tokens' }],
    ['openai-content-filter.1', { reason: 'refusal', raw: 'content_filter' }],
  ])('an answer that is not whole says why: %s', async (name, stop) => {
    expect(await whole(name)).toMatchObject({ blocks: [{ content: 'Once upon' }], stop })
  })

  test('the call of a hosted tool is kept verbatim, and citations belong to their text', async () => {
    const { blocks } = await whole('openai-web-search.1')
    expect(blocks).toMatchObject([
      { block: { type: 'opaque', protocol: 'openai-responses', value: { id: 'ws_0g1', status: 'completed' } } },
      { content: 'Sunny.', citations: [{ protocol: 'openai-responses', value: { title: 'Yr' } }] },
    ])
    expect(blocks[1]?.citations).toHaveLength(1)
  })

  test('the call of a custom tool is kept verbatim and waits for its result', async () => {
    const { blocks, stop } = await whole('openai-custom-tool.1')
    expect(blocks).toMatchObject([{ block: { type: 'opaque', value: { call_id: 'call_D4', name: 'apply_patch' } } }])
    expect(stop.reason).toBe('tool-use')
  })

  test('events without indices belong to the item of their id', async () => {
    const { blocks, usage } = await whole('llama-server-no-indices.1')
    expect(blocks).toMatchObject([
      { block: { type: 'thinking' }, content: 'Thinking.', signature: 'duologue.openai-responses.rs_1:' },
      { block: { type: 'text' }, content: 'Hello' },
    ])
    expect(usage).toEqual({ inputTokens: 11, outputTokens: 6 })
  })

  test.each([
    ['gateway-only-items.1', ['Whole.', '{}']],
    ['gateway-only-the-end.1', ['At last.']],
    ['gateway-no-items-begun.1', ['Just text.']],
  ])('what the pieces leave out is filled in: %s', async (name, contents) => {
    expect((await whole(name)).blocks.map(({ content }) => content)).toEqual(contents)
  })

  test.each([
    ['openai-failed.1', 'unavailable', undefined],
    ['openai-error.1', 'rate-limited', undefined],
    ['openai-nested-error.1', 'invalid-request', 'context-length-exceeded'],
  ])('a failure inside a good reply is thrown: %s', async (name, kind, code) => {
    const { events, failure } = await untilFailure(play((await fixture(name)).map(data => ({ data }))))
    expect(failure).toMatchObject({ name: 'ModelError', kind, code, cause: expect.any(Error) })
    expect(String(failure)).not.toMatch(/req_9|org-1/)
    expect(eventFaults(events, { isWhole: false })).toEqual([])
  })
})

describe.each(names)('%s', name => {
  test('is read the same byte by byte', async () => {
    const data = await fixture(name)
    const bytes = new TextEncoder().encode(data.map(line => `event: x\ndata: ${line}\n\n`).join(''))
    const single = Array.from(bytes, byte => Uint8Array.of(byte))
    const sliced = await untilFailure(decodeSse(play(single)))
    expect(sliced).toEqual(await untilFailure(play(data.map(data => ({ data })))))
  })

  test('is told as broken wherever it breaks off', async () => {
    const data = await fixture(name)
    for (let length = 0; length < data.length; length += 1) {
      const { events, failure } = await untilFailure(play(data.slice(0, length).map(data => ({ data }))))
      expect(failure).toMatchObject({ name: 'ModelError', kind: 'unavailable' })
      expect(eventFaults(events, { isWhole: false })).toEqual([])
    }
  })
})

describe('what is not an answer', () => {
  const delta = (rest: object) => JSON.stringify({ type: 'response.output_text.delta', ...rest })
  const call = (rest: object) =>
    JSON.stringify({ type: 'response.output_item.done', item: { type: 'function_call', ...rest } })
  const cancelled = JSON.stringify({ type: 'response.completed', response: { status: 'cancelled' } })

  test.each<[what: string, data: readonly string[]]>([
    ['nothing', []],
    ['nothing but the end', ['[DONE]']],
    ['text that is not JSON', ['{"type":']],
    ['JSON that is no object', ['[]']],
    ['a piece that is no text', [delta({ delta: 3 })]],
    ['a call without a name', [call({ call_id: 'a' })]],
    ['a call without an id', [call({ name: 'f' })]],
    ['an answer that was cancelled', [cancelled]],
  ])('%s fails as unavailable', async (_, data) => {
    await expect(decode(data)).rejects.toMatchObject({ name: 'ModelError', kind: 'unavailable' })
  })

  test('what waits for its turn is kept up to a limit', async () => {
    const added = (id: string) =>
      JSON.stringify({
        type: 'response.output_item.added',
        item: { type: 'function_call', id, call_id: id, name: 'f' },
      })
    const piece = JSON.stringify({
      type: 'response.function_call_arguments.delta',
      item_id: 'b',
      delta: 'x'.repeat(1024 * 1024),
    })
    const pieces = (count: number) => Array.from({ length: count }, () => piece)
    const last = JSON.stringify({ type: 'response.completed', response: {} })
    const opening = [added('a'), added('b')]
    expect(await decode([...opening, ...pieces(15), last])).toHaveLength(21)
    await expect(decode([...opening, ...pieces(17), last])).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('more items than anyone gives are refused', async () => {
    const items = Array.from({ length: 1025 }, (_, index) =>
      JSON.stringify({
        type: 'response.output_item.done',
        output_index: index,
        item: { type: 'message', id: `m${index}`, content: [] },
      }),
    )
    await expect(decode(items)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

test('leaving early closes the source', async () => {
  let isClosed = false
  async function* frames() {
    try {
      for (;;) yield { data: JSON.stringify({ type: 'response.output_text.delta', delta: 'x' }) }
    } finally {
      isClosed = true
    }
  }
  for await (const event of decodeStream(frames())) if (event.type === 'text-delta') break
  expect(isClosed).toBe(true)
})

import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { eventFaults } from '../../../test/support/event-grammar.ts'
import { play } from '../../../test/support/play.ts'
import { collect } from '../../core/collect.ts'
import type { ModelEvent } from '../../core/events.ts'
import { decodeSse, type SseFrame } from '../sse.ts'
import { decodeStream } from './decode-stream.ts'

const folder = new URL('../../../test/fixtures/openai-chat/', import.meta.url)
const names = (await readdir(folder)).filter(file => file.endsWith('.txt')).map(file => file.replace('.chunks.txt', ''))

async function linesOf(name: string): Promise<readonly string[]> {
  const text = await readFile(new URL(`${name}.chunks.txt`, folder), 'utf8')
  return text.split('\n').filter(line => line !== '')
}

function asFrame(line: string): SseFrame {
  return line.startsWith(':') ? { comment: line.slice(1).trim() } : { data: line }
}

/** Reads up to where it fails. */
async function read(frames: AsyncIterable<SseFrame>) {
  const events: ModelEvent[] = []
  try {
    for await (const event of decodeStream(frames)) events.push(event)
    return { events, failure: undefined }
  } catch (failure) {
    return { events, failure }
  }
}

async function answerOf(name: string) {
  const { blocks, stop, usage } = await collect(decodeStream(play((await linesOf(name)).map(asFrame))))
  const written = blocks.map(({ block, content }) => [block.type === 'tool-call' ? block.id : block.type, content])
  return { written, reason: stop.reason, usage }
}

test.each<[name: string, written: readonly (readonly string[])[], usage: object]>([
  [
    'deepseek-reasoner.1',
    [
      ['thinking', 'Two and two.'],
      ['text', 'Four'],
    ],
    { inputTokens: 20, cacheReadTokens: 16, outputTokens: 9, thinkingTokens: 6 },
  ],
  ['deepseek-cache-words.1', [['text', 'Hi']], { inputTokens: 20, cacheReadTokens: 16, outputTokens: 2 }],
  [
    'groq-usage.1',
    [
      ['thinking', 'Hm.'],
      ['text', 'Yes'],
    ],
    { inputTokens: 30, outputTokens: 4 },
  ],
  [
    'openrouter-comments.1',
    [
      ['thinking', 'So.'],
      ['text', 'Done'],
    ],
    { inputTokens: 5, outputTokens: 3 },
  ],
  [
    'mistral-thinking.1',
    [
      ['thinking', 'Let me see.'],
      ['text', 'Paris'],
    ],
    { inputTokens: 10, outputTokens: 8 },
  ],
  [
    'xai-reasoning.1',
    [
      ['thinking', 'Hm.'],
      ['text', 'Yes'],
    ],
    { inputTokens: 32, cacheReadTokens: 8, outputTokens: 109, thinkingTokens: 100 },
  ],
  ['azure-filters.1', [['text', 'Hi']], { inputTokens: 3, outputTokens: 1 }],
  ['llama-server-no-done.1', [['text', 'Hi']], { inputTokens: 3, outputTokens: 1 }],
])('%s is an answer', async (name, written, usage) => {
  expect(await answerOf(name)).toEqual({ written, reason: 'end-turn', usage })
})

test.each<[name: string, written: readonly (readonly string[])[], usage: object]>([
  [
    'gemini-parallel-tools.1',
    [
      ['call_gemAbC9_0', '{"a":1}'],
      ['call_gemAbC9_1', '{"a":2}'],
    ],
    { inputTokens: 7, outputTokens: 24, thinkingTokens: 20 },
  ],
  [
    'mistral-tool.1',
    [
      ['D681PevKs', '{"a": 1}'],
      ['Xy12PevKt', '{"a": 2}'],
    ],
    { inputTokens: 10, outputTokens: 8 },
  ],
  ['ollama-tool-object.1', [['call_9', '{"a":1}']], {}],
  [
    'vllm-ids-only.1',
    [
      ['a', '{"x":1}'],
      ['b', '{"y":2}'],
    ],
    {},
  ],
])('%s is an answer that calls tools', async (name, written, usage) => {
  expect(await answerOf(name)).toEqual({ written, reason: 'tool-use', usage })
})

test.each([
  ['deepseek-no-resources.1', 'overloaded'],
  ['groq-error.1', 'overloaded'],
  ['openrouter-error.1', 'unavailable'],
  ['openrouter-choice-error.1', 'rate-limited'],
  ['gemini-error.1', 'rate-limited'],
  ['vllm-abort.1', 'unavailable'],
])('%s fails as %s', async (name, kind) => {
  const { events, failure } = await read(play((await linesOf(name)).map(asFrame)))
  expect(failure).toMatchObject({ name: 'ModelError', kind })
  expect(eventFaults(events, { isWhole: false })).toEqual([])
})

describe.each(names)('%s', name => {
  test('is read the same byte by byte', async () => {
    const lines = await linesOf(name)
    const text = lines.map(line => (line.startsWith(':') ? `${line}\n\n` : `data: ${line}\n\n`)).join('')
    const single = Array.from(new TextEncoder().encode(text), byte => Uint8Array.of(byte))
    expect(await read(decodeSse(play(single)))).toEqual(await read(play(lines.map(asFrame))))
  })

  test('is in grammar wherever it breaks off', async () => {
    const lines = await linesOf(name)
    for (let length = 0; length < lines.length; length += 1) {
      const { events, failure } = await read(play(lines.slice(0, length).map(asFrame)))
      if (failure !== undefined) expect(failure).toMatchObject({ name: 'ModelError' })
      expect(eventFaults(events, { isWhole: failure === undefined })).toEqual([])
    }
  })
})

import { expect, test } from 'vitest'
import { createPromptScale } from './prompt-scale.ts'

const megabyte = 1024 * 1024

/* One token for two letters, as a tokenizer may have it; pieces and pauses are written down as they come. */
function scale(most: number): { excess: (text: string) => Promise<number | undefined>; done: (string | number)[] } {
  const done: (string | number)[] = []
  const { excess } = createPromptScale({
    most,
    count: text => {
      done.push(text.length)
      return text.length / 2
    },
    pause: async () => void done.push('pause'),
  })
  return { excess: text => excess({ messages: [{ role: 'user', content: text }], prefill: '' }), done }
}

test('a text of a megabyte is not read', async () => {
  const { excess, done } = scale(10)
  expect(await excess('a'.repeat(megabyte - 1))).toBeUndefined()
  expect(done).toEqual([])
})

test('reading ends where there are too many tokens, and the rest is estimated', async () => {
  const { excess, done } = scale(20_000)
  expect(await excess('a'.repeat(30 * megabyte))).toBe(15 * megabyte)
  expect(done).toEqual(['pause', 32_768, 'pause', 32_768])
})

test('other work goes on before each small piece of a text that may fit', async () => {
  const { excess, done } = scale(megabyte)
  expect(await excess('a'.repeat(2 * megabyte))).toBeUndefined()
  expect(done).toEqual(Array.from({ length: 64 }, () => ['pause', 32_768]).flat())
})

test('prompts are read one after the other', async () => {
  const read: (string | undefined)[] = []
  const { excess } = createPromptScale({
    most: 2,
    count: text => read.push(text[0]) && 1,
    pause: () => new Promise(resolve => void setImmediate(resolve)),
  })
  const ask = (letter: string): Promise<number | undefined> =>
    excess({ messages: [{ role: 'user', content: letter.repeat(2 * megabyte) }], prefill: '' })
  await Promise.all([ask('a'), ask('b')])
  expect(read).toEqual(['a', 'a', 'a', 'b', 'b', 'b'])
})

test('what tools, calls and their results say counts too', async () => {
  const { excess } = createPromptScale({ most: 10, count: text => text.length, pause: async () => {} })
  const half = 'a'.repeat(megabyte * 0.6)
  const result = { role: 'tool', content: 'x', callId: 'c' } as const
  const call = { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'f', input: half }] } as const
  const tools = [{ name: 'f', description: half, inputSchema: {} }]
  expect(await excess({ messages: [call, result], prefill: '' })).toBeUndefined()
  expect(await excess({ messages: [call, result], prefill: '', tools })).toBeGreaterThan(megabyte)
})

test('a letter of two code units is not cut', async () => {
  const { excess, done } = scale(20_000)
  await excess(`a${'👋'.repeat(megabyte)}`)
  expect(done).toEqual(['pause', 32_767, 'pause', 32_768])
})

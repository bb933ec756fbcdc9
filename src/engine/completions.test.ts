import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEngine, temporaryFolder, textOf } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { byteTokens, tinyVocabulary } from '../../test/support/tiny-vocabulary.ts'
import { collect } from '../core/collect.ts'
import type { Answer } from '../core/collect.ts'
import type { CompletionRequest } from '../core/completion.ts'
import type { ModelEvent, TokenLogprob } from '../core/events.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: TestEngine

beforeAll(async () => {
  folder = await temporaryFolder()
  const pathOf = (name: string): string => join(folder.path, `${name}.gguf`)
  const [tiny, gaps, opening] = [pathOf('tiny'), pathOf('gaps'), pathOf('opening')]
  await Promise.all([
    writeTinyModel(tiny, { contextLength: 4096 }),
    writeTinyModel(gaps, { fillsGaps: true, speaks: 'bytes' }),
    writeTinyModel(opening, { opensTexts: true }),
  ])
  model = openEngine({ tiny, gaps, opening }, { preferences: { slots: 2 } })
})

afterAll(async () => {
  await model.engine.close()
  await folder.remove()
})

const never = new AbortController().signal

const complete = (prompt: CompletionRequest['prompt'], more: Partial<CompletionRequest> = {}): Promise<Answer> =>
  collect(model.engine.complete({ model: 'tiny', prompt, sampling: { temperature: 0 }, maxTokens: 8, ...more }, never))
const logprobsOf = ({ blocks }: Answer): readonly TokenLogprob[] => blocks.flatMap(({ logprobs = [] }) => logprobs)
const idOf = (token: string): number => tinyVocabulary.tokens.indexOf(token)
const spelled = (text: string): string => Array.from(Buffer.from(text), byte => byteTokens[byte]).join('')
const bytesOf = (text: string): readonly number[] => Array.from(spelled(text), idOf)

test('a prompt is read as it is: no template is put around it', async () => {
  const { usage } = await complete('!!')
  expect(usage).toMatchObject({ inputTokens: 2, outputTokens: 8 })
})

test('control tokens may be spelled out in a prompt', async () => {
  expect((await complete('<|im_start|>!')).usage.inputTokens).toBe(2)
})

test('tokens say the same as the text that they spell', async () => {
  expect(textOf(await complete(bytesOf('!?!')))).toBe(textOf(await complete('!?!')))
})

test.each([-1, 283, 284, 2 ** 31, 2 ** 32, 2 ** 53, 1.5])('%d is no token', async id => {
  await expect(complete([3, id])).rejects.toMatchObject({
    kind: 'invalid-request',
    field: ['prompt'],
    message: `prompt: token 1 is ${id}, and this model has the tokens from 0 to 282`,
  })
})

test('every token of the vocabulary may be sent', async () => {
  const all = tinyVocabulary.tokens.map((_, id) => id)
  expect((await complete(all, { echoesPrompt: true, topLogprobs: 0 })).usage.inputTokens).toBe(all.length)
})

test('a prompt that does not fit is refused with its length, however it is given', async () => {
  const refusal = { kind: 'invalid-request', code: 'context-length-exceeded' }
  await expect(complete('!'.repeat(4096))).rejects.toMatchObject(refusal)
  await expect(complete(Array.from({ length: 4096 }, () => 5))).rejects.toMatchObject(refusal)
  await expect(complete('word '.repeat(2_000_000))).rejects.toMatchObject(refusal)
  await expect(complete('<|im_end|>'.repeat(300_000))).rejects.toMatchObject(refusal)
})

test('an empty prompt begins with the token that begins texts', async () => {
  const answer = await complete('', { echoesPrompt: true })
  expect(answer.usage.inputTokens).toBe(1)
  expect(textOf(answer)).toBe(textOf(await complete('<|im_start|>')))
})

test('what was read for one prompt is reused for the next', async () => {
  const shared = 'A beginning that two prompts share, long enough to be worth it. '.repeat(4)
  await complete(`${shared}one`)
  const { usage } = await complete(`${shared}two`)
  expect(usage.cacheReadTokens).toBeGreaterThan(64)
})

test('an answer ends at a stop sequence, and at its limit', async () => {
  const { blocks, stop } = await complete('Hello', { maxTokens: 24 })
  expect(stop.reason).toBe('max-tokens')
  const sequence = blocks[0]?.content.slice(5, 8) ?? ''
  const stopped = await complete('Hello', { maxTokens: 24, stopSequences: [sequence] })
  expect(stopped.stop).toEqual({ reason: 'stop-sequence', sequence })
  expect(textOf(stopped)).not.toContain(sequence)
})

test('nothing in the answer is taken for reasoning or a call', async () => {
  const written = await complete('<think>', { maxTokens: 24 })
  expect(written.blocks.map(({ block }) => block.type)).toEqual(['text'])
})

test('the prompt is repeated before the answer, which it does not change', async () => {
  const prompt = 'The tide\n 日本 😀 <|im_end|>'
  const plain = await complete(prompt)
  const echoed = await complete(prompt, { echoesPrompt: true })
  expect(textOf(echoed)).toBe(prompt + textOf(plain))
  expect(echoed.usage.outputTokens).toBe(plain.usage.outputTokens)
})

test('a prompt of tokens is repeated as text', async () => {
  const answer = await complete([...bytesOf('日'), idOf('<|im_end|>')], { echoesPrompt: true, maxTokens: 0 })
  expect(textOf(answer)).toBe('日<|im_end|>')
})

test('a prompt may be repeated and nothing added', async () => {
  const { usage, stop } = await complete('Hello', { echoesPrompt: true, maxTokens: 0 })
  expect({ stop, outputTokens: usage.outputTokens }).toEqual({ stop: { reason: 'max-tokens' }, outputTokens: 0 })
})

test('a stop sequence in the prompt does not end what repeats it', async () => {
  const answer = await complete('one STOP two', { echoesPrompt: true, stopSequences: ['STOP'] })
  expect(textOf(answer)).toContain('one STOP two')
})

test('each token of a repeated prompt is told with how likely it was', async () => {
  const prompt = 'The tide 日 comes in'
  const answer = await complete(prompt, { echoesPrompt: true, topLogprobs: 3 })
  const tokens = logprobsOf(answer)
  expect(tokens).toHaveLength((answer.usage.inputTokens ?? 0) + 8)
  expect(tokens[0]).toMatchObject({ token: 'T', logprob: 0 })
  expect(tokens[0]?.top).toBeUndefined()
  expect(Buffer.from(tokens.flatMap(({ bytes = [] }) => bytes)).toString()).toBe(textOf(answer))
  for (const { logprob, top = [] } of tokens.slice(1)) {
    expect(logprob).toBeLessThan(0)
    expect(top).toHaveLength(3)
    expect(top[0]?.logprob).toBeGreaterThanOrEqual(logprob)
  }
})

test('the token that a model wants before every text is told, and no part of the text', async () => {
  const echo = { model: 'opening', echoesPrompt: true, topLogprobs: 0, maxTokens: 0 } as const
  const [text, spelledOut, tokens] = [
    await complete('Hi', echo),
    await complete('<|im_start|>Hi', echo),
    await complete(bytesOf('Hi'), echo),
  ]
  expect([text, spelledOut, tokens].map(textOf)).toEqual(['Hi', '<|im_start|>Hi', 'Hi'])
  expect(logprobsOf(text).map(({ token }) => token)).toEqual(['<|im_start|>', 'H', 'i'])
  expect(logprobsOf(spelledOut)).toEqual(logprobsOf(text))
  expect(tokens.usage.inputTokens).toBe(2)
})

test('a token is as likely in a prompt as it is in an answer after the same tokens', async () => {
  const prompt = bytesOf('Hello')
  const written = logprobsOf(await complete(prompt, { topLogprobs: 2, maxTokens: 100 }))
  const whole = [...prompt, ...written.map(({ token }) => idOf(spelled(token)))]
  const read = logprobsOf(await complete(whole, { echoesPrompt: true, topLogprobs: 2, maxTokens: 0 })).slice(5)
  expect(read.map(({ token }) => token)).toEqual(written.map(({ token }) => token))
  for (const [index, { logprob }] of read.entries()) expect(logprob).toBeCloseTo(written[index]?.logprob ?? 0, 1)
})

test('thousands of tokens are measured, whatever is kept of the prompt, while another answer is written', async () => {
  const prompt = Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join('')
  await complete(prompt, { maxTokens: 1 })
  const [answer, other] = await Promise.all([
    complete(prompt, { echoesPrompt: true, topLogprobs: 5, maxTokens: 4 }),
    complete('Meanwhile', { maxTokens: 64 }),
  ])
  const tokens = logprobsOf(answer)
  expect(answer.usage).toMatchObject({ inputTokens: tokens.length - 4, cacheReadTokens: 0 })
  expect(tokens.length).toBeGreaterThan(2000)
  expect(textOf(answer).startsWith(prompt)).toBe(true)
  expect(textOf(other)).toBe(textOf(await complete('Meanwhile', { maxTokens: 64 })))
})

test('what was measured serves the next prompt, too', async () => {
  const prompt = 'Measured first, and then asked to go on. '.repeat(20)
  await complete(prompt, { echoesPrompt: true, topLogprobs: 0, maxTokens: 0 })
  expect((await complete(prompt)).usage.cacheReadTokens).toBeGreaterThan(300)
})

test('whoever asks why a measured prompt was read again is told', async () => {
  const prompt = 'Said before, and measured after that. '.repeat(8)
  await complete(prompt)
  const events: ModelEvent[] = []
  const request = { model: 'tiny', prompt, echoesPrompt: true, topLogprobs: 0, maxTokens: 0 } as const
  for await (const event of model.engine.complete(request, never)) events.push(event)
  expect(events[0]).toMatchObject({ type: 'start', cache: { outcome: 'measured', reusedTokens: 0 } })
})

test('a gap is told with the tokens that the model was made with', async () => {
  const around = await complete('before', { model: 'gaps', suffix: 'after' })
  const written = await complete('\u0001before\u0002after\u0003', { model: 'gaps' })
  expect(around.usage.inputTokens).toBe(written.usage.inputTokens)
  expect(textOf(around)).toBe(textOf(written))
})

test('what stands around a gap is words only', async () => {
  const { usage } = await complete('<|im_end|>', { model: 'gaps', suffix: '' })
  expect(usage.inputTokens).toBeGreaterThan(10)
})

test.each([
  { why: 'a model that fills no gaps', model: 'tiny', prompt: 'a', field: 'suffix' },
  { why: 'a gap between tokens', model: 'gaps', prompt: [5], field: 'suffix' },
  { why: 'a gap that is repeated', model: 'gaps', prompt: 'a', echoesPrompt: true, field: 'echo' },
])('a suffix is refused for $why', async ({ prompt, field, why: _why, ...more }) => {
  await expect(complete(prompt, { suffix: 'b', ...more })).rejects.toMatchObject({
    kind: 'invalid-request',
    field: [field],
  })
})

test('a client that leaves while its prompt is measured leaves the slot free', async () => {
  const leaving = new AbortController()
  const prompt = 'A prompt that takes a while to be measured. '.repeat(60)
  const request = { model: 'tiny', prompt, echoesPrompt: true, topLogprobs: 5 }
  const seen: string[] = []
  const reading = async (): Promise<void> => {
    for await (const { type } of model.engine.complete(request, leaving.signal)) {
      seen.push(type)
      if (type === 'text-delta') leaving.abort()
    }
  }
  await expect(reading()).rejects.toMatchObject({ kind: 'aborted' })
  const after = await Promise.all(['One', 'Two', 'Three'].map(next => complete(next)))
  for (const { usage } of after) expect(usage.outputTokens).toBe(8)
  expect(seen).toContain('text-delta')
  expect(model.engine.status()[0]).toMatchObject({ model: 'tiny', answering: 0, waiting: 0 })
})

test('a model that makes embeddings completes nothing', async () => {
  const file = join(folder.path, 'vectors.gguf')
  await writeTinyModel(file, { pooling: 1 })
  const other = openEngine({ vectors: file })
  const asked = collect(other.engine.complete({ model: 'vectors', prompt: 'Hello' }, never))
  await expect(asked).rejects.toMatchObject({ kind: 'invalid-request', field: ['model'] })
  await other.engine.close()
})

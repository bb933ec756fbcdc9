import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askFor, openEngine, temporaryFolder, textOf } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { Answer } from '../core/collect.ts'
import type { TokenLogprob } from '../core/events.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: TestEngine

beforeAll(async () => {
  folder = await temporaryFolder()
  const [tiny, bytes] = [join(folder.path, 'tiny.gguf'), join(folder.path, 'bytes.gguf')]
  await Promise.all([writeTinyModel(tiny), writeTinyModel(bytes, { speaks: 'bytes' })])
  model = openEngine({ tiny, bytes })
})

afterAll(async () => {
  await model.engine.close()
  await folder.remove()
})

/* More than the model has tokens. */
const all = 10_000

const logprobsOf = ({ blocks }: Answer): readonly TokenLogprob[] => blocks.flatMap(({ logprobs = [] }) => logprobs)
const bytesOf = (tokens: readonly TokenLogprob[]): Buffer => Buffer.from(tokens.flatMap(({ bytes = [] }) => bytes))
const sumOf = ({ top = [] }: TokenLogprob): number => top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)

test('nothing is told of tokens unless it is asked for', async () => {
  expect(logprobsOf(await model.ask('Hello'))).toEqual([])
})

test('each token that is shown is told, with how likely it was among all tokens', async () => {
  const answer = await model.ask('Hello', { topLogprobs: all })
  const tokens = logprobsOf(answer)
  expect(tokens).toHaveLength(24)
  expect(tokens.map(({ token }) => token).join('')).toBe(textOf(answer))
  for (const token of tokens) {
    expect(sumOf(token)).toBeCloseTo(1, 3)
    expect(token.top?.find(other => other.token === token.token)?.logprob).toBe(token.logprob)
    expect(token.top?.[0]?.logprob).toBe(token.logprob)
  }
})

test.each([
  { temperature: 2, topK: 1, seed: 1 },
  { temperature: 0.1, topP: 0.01, seed: 1 },
  { temperature: 0, frequencyPenalty: 2, presencePenalty: 2 },
  { temperature: 0, logitBias: { '70': 3 } },
])('what the model saw is told, whatever is made of it: %o', async sampling => {
  const likeliest = async (more: object): Promise<readonly TokenLogprob[]> =>
    logprobsOf(await model.ask('Hello', { topLogprobs: 3, maxTokens: 1, ...more })).flatMap(({ top = [] }) => top)
  const plain = await likeliest({})
  const other = await likeliest({ sampling })
  expect(other).toHaveLength(3)
  expect(other.map(({ token }) => token)).toEqual(plain.map(({ token }) => token))
  for (const [rank, { logprob }] of other.entries()) expect(logprob).toBeCloseTo(plain[rank]?.logprob ?? 0, 3)
})

test('a token that was drawn against the odds is told as unlikely as it was', async () => {
  const sampling = { temperature: 0, logitBias: { '70': 100 } }
  const [token] = logprobsOf(await model.ask('Hello', { topLogprobs: all, maxTokens: 1, sampling }))
  expect(token?.top?.findIndex(other => other.token === token.token)).toBeGreaterThan(0)
  expect(token?.top?.find(other => other.token === token.token)?.logprob).toBe(token?.logprob)
  expect(token?.logprob).toBeLessThan(token?.top?.[0]?.logprob ?? -Infinity)
})

test('as many of the likeliest are told as were asked for', async () => {
  for (const topLogprobs of [0, 1, 5]) {
    const tokens = logprobsOf(await model.ask('Hello', { topLogprobs }))
    expect(new Set(tokens.map(({ top = [] }) => top.length))).toEqual(new Set([topLogprobs]))
    expect(tokens.every(({ logprob }) => logprob < 0 && logprob > -20)).toBe(true)
  }
})

test('the bytes of tokens make up the text, also of characters in pieces', async () => {
  const answer = await model.ask('Hello', { model: 'bytes', topLogprobs: 0, maxTokens: 200 })
  const tokens = logprobsOf(answer)
  expect(tokens.some(({ token, bytes }) => token.includes('\uFFFD') && bytes?.length === 1)).toBe(true)
  expect(bytesOf(tokens).toString('utf8')).toBe(textOf(answer))
})

test('tokens that a stop sequence cuts off are not told', async () => {
  const whole = await model.ask('Hello', { topLogprobs: 0, maxTokens: 60 })
  const sequence = textOf(whole).slice(20, 24)
  const cut = await model.ask('Hello', { topLogprobs: 0, maxTokens: 60, stopSequences: [sequence] })
  const said = bytesOf(logprobsOf(cut)).toString('utf8')
  expect(said.startsWith(textOf(cut))).toBe(true)
  expect(said).not.toContain(sequence)
  expect(logprobsOf(cut)).toEqual(logprobsOf(whole).slice(0, logprobsOf(cut).length))
})

test('tokens are told with the text that they are shown in', async () => {
  const events = model.engine.stream(askFor('Hello', { topLogprobs: 1 }), new AbortController().signal)
  let told = 0
  for await (const event of events) {
    if (event.type !== 'text-delta') continue
    expect(bytesOf(event.logprobs ?? []).toString('utf8')).toBe(event.text)
    told += 1
  }
  expect(told).toBeGreaterThan(1)
})

import OpenAI from 'openai'
import { afterAll, expect, test } from 'vitest'
import { failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'
import { tinyVocabulary } from '../support/tiny-vocabulary.ts'

const served = await serveModels()
afterAll(() => served.close())

const client = openOpenAI(served.url)
const likeliest = { temperature: 0 } as const

type Params = OpenAI.CompletionCreateParamsNonStreaming

/* Much of what is asked here is wrong on purpose. */
const complete = (more: Partial<Record<keyof Params, unknown>>) => {
  const body: object = { model: 'tiny', prompt: 'Hello', max_tokens: 8, ...likeliest, ...more }
  // oxlint-disable-next-line no-unsafe-type-assertion -- the client sends what it is given
  return client.completions.create(body as Params)
}
const textOf = ({ choices }: OpenAI.Completion): string => choices[0]?.text ?? ''
function logprobsOf(choice: OpenAI.CompletionChoice | undefined) {
  const {
    tokens = [],
    token_logprobs: chances = [],
    top_logprobs: top = [],
    text_offset: offsets = [],
  } = choice?.logprobs ?? {}
  return { tokens, chances, top, offsets }
}
const idOf = (token: string): number => tinyVocabulary.tokens.indexOf(token)

async function chunksOf(more: object): Promise<readonly OpenAI.Completion[]> {
  const body = { model: 'tiny', prompt: 'Hello', max_tokens: 8, ...likeliest, ...more, stream: true } as const
  const chunks: OpenAI.Completion[] = []
  for await (const chunk of await client.completions.create(body)) chunks.push(chunk)
  return chunks
}

/** The text of each choice of a stream. */
function textsOf(chunks: readonly OpenAI.Completion[]): readonly string[] {
  const texts: string[] = []
  for (const { index, text } of chunks.flatMap(({ choices }) => choices)) texts[index] = (texts[index] ?? '') + text
  return texts
}

test('[L01] a completion goes on from its prompt', async () => {
  const completion = await complete({})
  expect(completion).toMatchObject({
    id: expect.stringMatching(/^cmpl-/),
    object: 'text_completion',
    model: 'tiny',
    choices: [{ index: 0, logprobs: null, finish_reason: 'length' }],
    usage: { completion_tokens: 8 },
  })
  expect(textOf(completion)).not.toBe('')
  const { prompt_tokens: read = 0, total_tokens: all } = completion.usage ?? {}
  expect(read).toBeGreaterThan(0)
  expect(all).toBe(read + 8)
})

test('[L01] without a limit a completion has 16 tokens', async () => {
  expect((await complete({ max_tokens: null })).usage?.completion_tokens).toBe(16)
})

test('[L02] several prompts are answered in their places, each as it would alone', async () => {
  const prompts = ['One', 'Another one', 'The third', 'One', 'And five', 'And six', 'And seven']
  const { choices, usage } = await complete({ prompt: prompts })
  expect(choices.map(({ index }) => index)).toEqual(prompts.map((_, index) => index))
  for (const [index, prompt] of prompts.entries()) expect(choices[index]?.text).toBe(textOf(await complete({ prompt })))
  expect(usage?.completion_tokens).toBe(prompts.length * 8)
})

test('[L02] tokens are a prompt, one or several', async () => {
  const [a, b] = [['H', 'e', 'y'].map(idOf), ['!', '?'].map(idOf)]
  const { choices } = await complete({ prompt: [a, b] })
  expect(choices[0]?.text).toBe(textOf(await complete({ prompt: a })))
  expect(choices[1]?.text).toBe(textOf(await complete({ prompt: '!?' })))
})

test('[L02] no prompt is the beginning of a text', async () => {
  const begun = await complete({ prompt: null })
  expect(textOf(begun)).toBe(textOf(await complete({ prompt: '<|im_start|>' })))
  expect(textOf(begun)).toBe(textOf(await complete({ prompt: '' })))
})

test('[L03] a stream says what the whole answer says, and counts the same', async () => {
  const whole = await complete({ max_tokens: 24 })
  const chunks = await chunksOf({ max_tokens: 24, stream_options: { include_usage: true } })
  expect(textsOf(chunks)).toEqual([textOf(whole)])
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  const reasons = chunks.flatMap(({ choices }) => choices.map(choice => choice.finish_reason))
  expect(reasons.filter(reason => reason !== null)).toEqual(['length'])
  const { prompt_tokens, completion_tokens, total_tokens } = whole.usage ?? {}
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens } })
  expect((await chunksOf({})).filter(({ usage }) => usage)).toEqual([])
})

test('[L03] the answers to several prompts come side by side', async () => {
  const prompt = ['One', 'Another one', 'The third', 'The fourth', 'The fifth']
  const chunks = await chunksOf({ prompt, max_tokens: 48 })
  const whole = await complete({ prompt, max_tokens: 48 })
  expect(textsOf(chunks)).toEqual(whole.choices.map(({ text }) => text))
  // Long enough that the first one is still written when the others begin.
  const long = await chunksOf({ prompt, max_tokens: 600 })
  const order = long.flatMap(({ choices }) => choices.map(({ index }) => index))
  expect(order.indexOf(1)).toBeLessThan(order.lastIndexOf(0))
  expect(chunks.flatMap(({ choices }) => choices).filter(choice => choice.finish_reason)).toHaveLength(5)
})

test('[L04] log-probabilities tell each token, the likeliest in its place, and where it begins', async () => {
  const { choices } = await complete({ logprobs: 2, max_tokens: 12 })
  const { tokens, chances, top, offsets } = logprobsOf(choices[0])
  expect([tokens, chances, top, offsets].map(({ length }) => length)).toEqual([12, 12, 12, 12])
  expect(tokens.join('')).toBe(choices[0]?.text)
  for (const [index, token] of tokens.entries()) {
    expect(choices[0]?.text.slice(offsets[index])).toMatch(new RegExp(`^${RegExp.escape(token)}`))
    expect(top[index]?.[token]).toBe(chances[index])
    expect(Object.keys(top[index] ?? {})).toHaveLength(2)
  }
  const taken = (await complete({ logprobs: 0 })).choices[0]?.logprobs
  expect(taken?.top_logprobs?.map(each => Object.keys(each))).toEqual(taken?.tokens?.map(token => [token]))
})

test('[L04] the prompt is repeated, with log-probabilities of all but its first token', async () => {
  const prompt = 'Tide 日 in'
  const { choices, usage } = await complete({ prompt, echo: true, logprobs: 1, max_tokens: 3 })
  expect(choices[0]?.text.startsWith(prompt)).toBe(true)
  const { tokens, chances, top, offsets } = logprobsOf(choices[0])
  expect(tokens).toHaveLength((usage?.prompt_tokens ?? 0) + 3)
  expect(chances[0]).toBeNull()
  expect(top[0]).toBeNull()
  expect(chances.slice(1).every(chance => chance < 0)).toBe(true)
  expect(tokens).toContain(String.raw`bytes:\xe6`)
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
  expect(offsets[tokens.indexOf('in')]).toBe('Tide 日 '.length)
  const scored = await complete({ prompt, echo: true, logprobs: 1, max_tokens: 0 })
  expect(scored.choices[0]).toMatchObject({ text: prompt, finish_reason: 'length' })
  expect(scored.choices[0]?.logprobs?.tokens).toEqual(tokens.slice(0, -3))
})

test('[L04] what is streamed of log-probabilities is the same as the whole', async () => {
  const asked = { prompt: ['A tide', 'The 日'], echo: true, logprobs: 2, max_tokens: 6 }
  const { choices } = await complete(asked)
  const pieces = (await chunksOf(asked)).flatMap(chunk => chunk.choices)
  for (const { index, logprobs } of choices) {
    const own = pieces.filter(piece => piece.index === index).flatMap(piece => piece.logprobs ?? [])
    expect(own.flatMap(({ tokens = [] }) => tokens)).toEqual(logprobs?.tokens)
    expect(own.flatMap(piece => piece.text_offset ?? [])).toEqual(logprobs?.text_offset)
  }
})

test('[L05] a gap is filled where the model can', async () => {
  const filled = await complete({ model: 'gaps', prompt: 'def add(', suffix: 'return a + b' })
  const plain = await complete({ model: 'gaps', prompt: 'def add(' })
  expect(filled.usage?.prompt_tokens).toBeGreaterThan(plain.usage?.prompt_tokens ?? 0)
  expect(textOf(await complete({ model: 'gaps', prompt: 'def add(', suffix: '' }))).toBe(textOf(plain))
})

test('[L05] a suffix is refused where the model cannot fill gaps', async () => {
  const error = await failureOf(complete({ suffix: 'after' }), OpenAI.BadRequestError)
  expect(error).toMatchObject({ status: 400, param: 'suffix' })
  expect(error.message).toContain('fill gaps')
})

test('[L06] a stop sequence ends a completion', async () => {
  const text = textOf(await complete({ max_tokens: 24 }))
  const stop = text.slice(6, 9)
  const { choices } = await complete({ max_tokens: 24, stop: [stop, 'never said'] })
  expect(choices[0]).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finish_reason: 'stop' })
})

test('[L06] a seed gives the same completion again', async () => {
  const drawn = { temperature: 1.5, seed: 7, max_tokens: 24, presence_penalty: 1, frequency_penalty: 1, top_p: 0.9 }
  expect(textOf(await complete(drawn))).toBe(textOf(await complete(drawn)))
  const biased = await complete({ logit_bias: { [idOf('!')]: 100 } })
  expect(textOf(biased)).toBe('!'.repeat(8))
})

const wrong = [
  { param: 'prompt', code: 'missing_required_parameter', prompt: undefined },
  { param: 'prompt', code: 'invalid_type', prompt: 7 },
  { param: 'prompt', prompt: [] },
  { param: 'prompt.1', prompt: ['a', 7] },
  { param: 'prompt.1', prompt: [7, 'a'] },
  { param: 'prompt.1', prompt: [7, -1] },
  { param: 'prompt.1', prompt: [[7], []] },
  { param: 'prompt.0.1', prompt: [[7, 1.5]] },
  { param: 'prompt', prompt: [7, 100_000] },
  { param: 'prompt', prompt: Array.from({ length: 129 }, () => 'a') },
  { param: 'max_tokens', max_tokens: -1 },
  { param: 'n', n: 2 },
  { param: 'best_of', best_of: 2 },
  { param: 'logprobs', logprobs: 6 },
  { param: 'logprobs', code: 'invalid_type', logprobs: true },
  { param: 'echo', code: 'invalid_type', echo: 'yes' },
  { param: 'stop', stop: ['a', 'b', 'c', 'd', 'e'] },
  { param: 'temperature', temperature: 3 },
  { param: 'model', model: 'vectors' },
  { param: null, code: 'context_length_exceeded', prompt: 'word '.repeat(3000) },
]

test.each(wrong)('[L07] what cannot be completed is refused by its field: $param', async ({ param, code, ...more }) => {
  const error = await failureOf(complete(more), OpenAI.BadRequestError)
  expect(error).toMatchObject({ status: 400, param, ...(code !== undefined && { code }) })
})

test('[L07] one prompt that does not fit is named among the others', async () => {
  const prompt = ['fits', 'fits, too', 'word '.repeat(3000), 'fits as well']
  const code = 'context_length_exceeded'
  const whole = await failureOf(complete({ prompt }), OpenAI.BadRequestError)
  expect(whole).toMatchObject({ status: 400, param: 'prompt.2', code })
  expect(whole.message).toMatch(/prompt\.2: is too long: \d+ tokens/)
  const streamed = await failureOf(chunksOf({ prompt: prompt.slice(2) }), OpenAI.BadRequestError)
  expect(streamed).toMatchObject({ status: 400, param: 'prompt.0', code })
})

test('[L07] a completion that is wrong gets a status, not a stream', async () => {
  const asked = chunksOf({ prompt: [5, 100_000] })
  expect(await failureOf(asked, OpenAI.BadRequestError)).toMatchObject({ status: 400, param: 'prompt' })
})

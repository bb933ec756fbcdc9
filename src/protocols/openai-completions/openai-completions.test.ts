import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ChoiceEvent } from '../../core/completion.ts'
import { ModelError } from '../../core/errors.ts'
import type { ModelEvent, TokenLogprob } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { openaiCompletions } from './index.ts'
import { createLogprobWriter, joinLogprobs } from './logprobs.ts'

const context = {
  responseId: 'cmpl-1',
  requestId: 'req-1',
  created: 1,
  includesUsage: true,
  choices: 1,
  echoesPrompt: false,
}
const start: ModelEvent = { type: 'start', id: 'a', model: 'm', usage: { inputTokens: 3, cacheReadTokens: 1 } }
const end: ModelEvent = { type: 'end', stop: { reason: 'stop-sequence', sequence: 'X' }, usage: { outputTokens: 2 } }
const say = (text: string, logprobs?: readonly TokenLogprob[]): ModelEvent => ({
  type: 'text-delta',
  index: 0,
  text,
  ...(logprobs && { logprobs }),
})

async function* play(events: readonly ModelEvent[], choice = 0): AsyncGenerator<ChoiceEvent> {
  for (const event of events) yield { choice, event }
}

async function framesOf(events: readonly ModelEvent[], more: object = {}): Promise<readonly unknown[]> {
  const frames: unknown[] = []
  for await (const frame of openaiCompletions.encodeStream(play(events), { ...context, ...more })) {
    const data = 'data' in frame ? frame.data : ''
    frames.push(data === '[DONE]' ? data : JSON.parse(data))
  }
  return frames
}

test('a stream has a chunk for each piece, one for the end, one for the counts, and [DONE]', async () => {
  const head = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm' }
  const piece = { index: 0, logprobs: null, finish_reason: null }
  expect(await framesOf([start, say('Hel'), say(''), say('lo'), end])).toEqual([
    { ...head, choices: [{ ...piece, text: 'Hel' }], usage: null },
    { ...head, choices: [{ ...piece, text: 'lo' }], usage: null },
    { ...head, choices: [{ ...piece, text: '', finish_reason: 'stop', stop_reason: 'X' }], usage: null },
    {
      ...head,
      choices: [],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 1 },
      },
    },
    '[DONE]',
  ])
})

test('an answer that breaks off is a failure, streamed or whole', async () => {
  const broken = [start, say('Hel')]
  await expect(framesOf(broken)).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(openaiCompletions.encodeAnswer(play(broken), context)).rejects.toMatchObject({ kind: 'unavailable' })
})

test('the counts of several prompts are added, where all are known', async () => {
  async function* both(): AsyncGenerator<ChoiceEvent> {
    yield* play([start, say('a'), end], 1)
    yield* play([start, say('b'), end], 0)
  }
  const answer = await openaiCompletions.encodeAnswer(both(), { ...context, choices: 2 })
  expect(answer).toMatchObject({
    choices: [
      { index: 0, text: 'b' },
      { index: 1, text: 'a' },
    ],
    usage: { prompt_tokens: 6, completion_tokens: 4, total_tokens: 10, prompt_tokens_details: { cached_tokens: 2 } },
  })
})

const tokensOf = (text: string): readonly TokenLogprob[] =>
  Array.from(Buffer.from(text), byte => ({
    token: Buffer.from([byte]).toString(),
    bytes: [byte],
    logprob: -byte,
  }))

test('however a text is cut, each of its tokens begins where its character does', () => {
  const pieces = fc.array(fc.string({ unit: 'grapheme', maxLength: 5 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(pieces, texts => {
      const writer = createLogprobWriter({ beginsText: true })
      const { tokens, token_logprobs, top_logprobs, text_offset } = joinLogprobs(
        texts.map(text => writer.write(text, tokensOf(text))),
      )
      const characters = Array.from(texts.join(''))
      const begins = characters.flatMap((character, place) => Array.from(Buffer.from(character), () => place))
      expect(text_offset).toEqual(begins)
      for (const list of [tokens, token_logprobs, top_logprobs]) expect(list).toHaveLength(begins.length)
      expect(token_logprobs.filter(chance => chance === null)).toHaveLength(Math.min(1, begins.length))
    }),
  )
})

test('a token that is not shown has a place in the text, and no letters of it', () => {
  const writer = createLogprobWriter({ beginsText: true })
  const hidden = writer.write('', [{ token: '<s>', bytes: [60, 115, 62], logprob: 0 }])
  const shown = writer.write('Hi', tokensOf('Hi'))
  expect(joinLogprobs([hidden, shown])).toMatchObject({
    tokens: ['<s>', 'H', 'i'],
    token_logprobs: [null, -72, -105],
    text_offset: [0, 0, 1],
  })
})

test('a token may have any name', () => {
  const writer = createLogprobWriter({ beginsText: false })
  const { top_logprobs } = writer.write('x', [
    { token: '__proto__', logprob: -1, top: [{ token: 'constructor', logprob: -Infinity }] },
  ])
  expect(Object.entries(top_logprobs[0] ?? {})).toEqual([
    ['constructor', -9999],
    ['__proto__', -1],
  ])
})

test('a part of a character is written as its bytes, a replacement character as itself', () => {
  const writer = createLogprobWriter({ beginsText: false })
  const half = { token: '\uFFFD', logprob: -1, bytes: [0xe6, 0x97] }
  const whole = { token: '\uFFFD', logprob: -1, bytes: [0xef, 0xbf, 0xbd] }
  expect(writer.write('日\uFFFD', [half, whole]).tokens).toEqual([String.raw`bytes:\xe6\x97`, '\uFFFD'])
})

test('what a client leaves out has OpenAI’s own meaning', () => {
  expect(openaiCompletions.decodeRequest({ model: 'm', prompt: 'a' })).toEqual({
    requests: [{ model: 'm', prompt: 'a', maxTokens: 16 }],
    isStreaming: false,
    includesUsage: false,
  })
})

test('every prompt has what all were asked with', () => {
  const { requests } = openaiCompletions.decodeRequest({
    model: 'm',
    prompt: [[1, 2], [3]],
    max_tokens: 0,
    echo: true,
    logprobs: 5,
    suffix: '',
    stop: 'x',
    seed: 4,
    user: 'ada',
    n: 1,
    best_of: 1,
  })
  const shared = { echoesPrompt: true, maxTokens: 0, topLogprobs: 5, stopSequences: ['x'], sampling: { seed: 4 } }
  expect(requests).toEqual([
    { model: 'm', prompt: [1, 2], userId: 'ada', ...shared },
    { model: 'm', prompt: [3], userId: 'ada', ...shared },
  ])
})

test('whatever comes is read or refused by its field', () => {
  const body = fc.record(
    {
      model: fc.constant('m'),
      prompt: fc.anything(),
      max_tokens: fc.anything(),
      logprobs: fc.anything(),
      echo: fc.anything(),
      suffix: fc.anything(),
    },
    { requiredKeys: ['model', 'prompt'] },
  )
  fc.assert(
    fc.property(fc.oneof(body, fc.anything()), given => {
      try {
        const { requests } = openaiCompletions.decodeRequest(JSON.parse(JSON.stringify(given) ?? 'null'))
        for (const { prompt } of requests) {
          const isWhole = typeof prompt === 'string' || prompt.every(id => Number.isSafeInteger(id) && id >= 0)
          expect(isWhole).toBe(true)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError)
        expect(error).toMatchObject({ kind: 'invalid-request' })
      }
    }),
  )
})

test('only what the client sees counts as visible', () => {
  const { isVisible } = openaiCompletions
  expect([say('a'), say('', []), end].map(isVisible)).toEqual([true, true, true])
  expect([start, say(''), { type: 'block-end', index: 0 } as const].map(isVisible)).toEqual([false, false, false])
})

test('what a model thinks is no part of its text', async () => {
  const thought: ModelEvent = { type: 'thinking-delta', index: 0, text: 'hm' }
  const answer: JsonObject = await openaiCompletions.encodeAnswer(play([start, thought, say('a'), end]), context)
  expect(answer['choices']).toMatchObject([{ text: 'a' }])
})

import type Anthropic from '@anthropic-ai/sdk'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { checkAnthropicStream } from '../support/anthropic-grammar.ts'
import { checkChatStream } from '../support/chat-grammar.ts'
import { anthropicKinds, openOpenAI, ways } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'
import { framesOf } from '../support/stream-frames.ts'

const served = await serveModels()
/** Writes one answer at a time, so that a place that is not given back is missed at once. */
const narrow = await serveModels({ slots: 1 })
afterAll(async () => {
  await served.close()
  await narrow.close()
})

const user = (content: string) => ({ role: 'user' as const, content })

/** A song without end: whoever does not leave waits for minutes. */
const endless = {
  model: 'starter',
  messages: [user('Sing.'), { role: 'assistant' as const, content: 'la la la la '.repeat(100).trim() }],
}

const likeliest = { temperature: 0 } as const

const chat = openOpenAI(served.url)

async function faultsOf(index: number, model: string, tokens = 24): Promise<readonly string[]> {
  const body = { model, max_tokens: tokens, messages: [user(`Tell me of the number ${index}.`)], stream: true as const }
  const kind = anthropicKinds[index % 3]
  if (!kind) return checkChatStream(await framesOf(await chat.chat.completions.create(body).asResponse()))
  return checkAnthropicStream(await framesOf(await kind.open(served.url).messages.create(body).asResponse()))
}

describe('many at once', () => {
  test.each(['starter', 'bytes'])('[X20] eight streams of %s at once are all in grammar', async model => {
    const faults = await Promise.all(Array.from({ length: 8 }, (_, index) => faultsOf(index, model)))
    expect(faults.flat()).toEqual([])
  })

  test('[X20] twelve streams at once, more than there are places, are all in grammar', async () => {
    const faults = await Promise.all(Array.from({ length: 12 }, (_, index) => faultsOf(index, 'starter')))
    expect(faults.flat()).toEqual([])
  })

  test('[X21] every client is answered while the others are', async () => {
    const question = { model: 'tiny', messages: [user('Hello')], maxTokens: 32 }
    const tolds = await Promise.all([...ways, ...ways].map(({ ask }) => ask(served.url, question)))
    expect(tolds.map(({ outputTokens }) => outputTokens)).toEqual(tolds.map(() => 32))
    expect(new Set(tolds.map(({ inputTokens }) => inputTokens)).size).toBe(1)
  })

  test('[X21] an answer comes whole while streams run', async () => {
    const ended: string[] = []
    const streams = [1, 2, 3].map(async index => {
      expect(await faultsOf(index, 'starter', 80)).toEqual([])
      ended.push('stream')
    })
    const { usage } = await chat.chat.completions.create({ model: 'starter', max_tokens: 2, messages: [user('Hi')] })
    ended.push('whole')
    await Promise.all(streams)
    expect(usage?.completion_tokens).toBe(2)
    expect(ended.indexOf('whole')).toBeLessThan(3)
  })

  test('[X21] two models answer at the same time', async () => {
    const faults = await Promise.all(
      ['starter', 'tiny', 'bytes', 'short'].map((model, index) => faultsOf(index, model)),
    )
    expect(faults.flat()).toEqual([])
    expect(served.processes().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready'])
  })

  test('[X21] each of many answers is to its own question', async () => {
    const asking = (words: number) => ({
      model: 'tiny',
      max_tokens: words,
      messages: [user('word '.repeat(words))],
    })
    const lengths = [3, 11, 5, 17, 7, 13]
    const alone: unknown[] = []
    for (const words of lengths) alone.push((await chat.chat.completions.create(asking(words))).usage?.prompt_tokens)
    const together = await Promise.all(lengths.map(words => chat.chat.completions.create(asking(words))))
    expect(together.map(({ usage }) => usage?.completion_tokens)).toEqual(lengths)
    expect(together.map(({ usage }) => usage?.prompt_tokens)).toEqual(alone)
    expect(new Set(alone).size).toBe(lengths.length)
  })
})

/** Answers only when the one place is free. */
async function nextAnswer(): Promise<number | undefined> {
  const client = openOpenAI(narrow.url)
  const { usage } = await client.chat.completions.create({ model: 'starter', max_tokens: 1, messages: [user('Next!')] })
  return usage?.completion_tokens
}

interface Leaver {
  readonly name: string
  readonly stream: (signal: AbortSignal) => Promise<AsyncIterable<unknown>>
  readonly whole: (signal: AbortSignal) => Promise<unknown>
}

const leavers: readonly Leaver[] = [
  ...anthropicKinds.map(({ name, open, isStrict }) => {
    const { messages } = open(narrow.url)
    const body = { ...endless, max_tokens: 7000, ...(!isStrict && likeliest) }
    return {
      name,
      stream: async (signal: AbortSignal): Promise<AsyncIterable<Anthropic.MessageStreamEvent>> =>
        messages.create({ ...body, stream: true }, { signal }),
      whole: async (signal: AbortSignal) => messages.create(body, { signal }),
    }
  }),
  {
    name: 'openai 7.57',
    stream: async signal =>
      openOpenAI(narrow.url).chat.completions.create({ ...endless, ...likeliest, stream: true }, { signal }),
    whole: async signal => openOpenAI(narrow.url).chat.completions.create({ ...endless, ...likeliest }, { signal }),
  },
]

/** Reads so many events of a stream, then leaves. */
async function readSome(stream: AsyncIterable<unknown>, count: number): Promise<number> {
  let read = 0
  for await (const _ of stream) {
    read += 1
    if (read === count) break
  }
  return read
}

/* A place that is not given back would be taken for longer than this. */
const beforeTheEnd = { timeout: 20_000 }

describe.each(leavers)('$name leaves', beforeTheEnd, ({ stream, whole }) => {
  test('[X22] in the middle of a stream, and the next one is answered', async () => {
    const before = narrow.log.length
    expect(await readSome(await stream(new AbortController().signal), 12)).toBe(12)
    expect(await nextAnswer()).toBe(1)
    expect(narrow.log.slice(before).find(({ outcome }) => outcome === 'left')).toMatchObject({ outcome: 'left' })
  })

  test('[X22] by a signal in the middle of a stream, and the next one is answered', async () => {
    const controller = new AbortController()
    const events = (await stream(controller.signal))[Symbol.asyncIterator]()
    await events.next()
    controller.abort()
    expect(await nextAnswer()).toBe(1)
  })

  test('[X23] while it waits for its turn, and the next one is answered', async () => {
    const singing = new AbortController()
    const song = (await stream(singing.signal))[Symbol.asyncIterator]()
    await song.next()
    const waiting = new AbortController()
    const refused = whole(waiting.signal).catch((error: unknown) => error)
    const next = nextAnswer()
    await delay(50)
    waiting.abort()
    expect(await refused).toBeInstanceOf(Error)
    singing.abort()
    expect(await next).toBe(1)
  })

  test('[X23] before a whole answer is written, and the next one is answered', async () => {
    const controller = new AbortController()
    const refused = whole(controller.signal).catch((error: unknown) => error)
    await delay(300)
    controller.abort()
    expect(await refused).toBeInstanceOf(Error)
    expect(await nextAnswer()).toBe(1)
  })
})

test('[X23] whoever leaves while a long prompt is read gives the place back', beforeTheEnd, async () => {
  const controller = new AbortController()
  const long = Array.from({ length: 380 }, (_, index) => `Verse ${index}: the sea is deep and wide.`).join('\n')
  const body = { model: 'starter', messages: [user(long)], max_tokens: 2000 }
  const refused = openOpenAI(narrow.url)
    .chat.completions.create(body, { signal: controller.signal })
    .catch((error: unknown) => error)
  await delay(200)
  controller.abort()
  expect(await refused).toBeInstanceOf(Error)
  expect(await nextAnswer()).toBe(1)
})

test('[X24] who waits for long is told that the server lives, in the words of each protocol', async () => {
  const singing = new AbortController()
  const song = (await leavers[2]?.stream(singing.signal))?.[Symbol.asyncIterator]()
  await song?.next()
  const waiting = new AbortController()
  const options = { signal: waiting.signal }
  const body = { model: 'starter', max_tokens: 1, messages: [user('Hello?')], stream: true as const }
  const replies = await Promise.all([
    anthropicKinds[0]?.open(narrow.url).messages.create(body, options).asResponse(),
    anthropicKinds[1]?.open(narrow.url).messages.create(body, options).asResponse(),
    openOpenAI(narrow.url).chat.completions.create(body, options).asResponse(),
  ])
  const first = await Promise.all(replies.map(reply => firstText(reply)))
  waiting.abort()
  singing.abort()
  expect(first).toEqual([
    'event: ping\ndata: {"type":"ping"}\n\n',
    'event: ping\ndata: {"type":"ping"}\n\n',
    ': keep-alive\n\n',
  ])
  expect(await nextAnswer()).toBe(1)
})

async function firstText(reply: Response | undefined): Promise<string> {
  const read = await reply?.body?.getReader().read()
  return new TextDecoder().decode(read?.value)
}

import type { Priority } from '../../src/core/request.ts'
import { bodyFor, openStream, paths, protocols } from '../../test/program/streamed-answer.ts'
import { ask } from '../../test/support/http-client.ts'
import { atMost, fact } from './figures.ts'
import type { Figure } from './figures.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'

const model = 'one'
const keys = ['key-of-ada', 'key-of-bob', 'key-of-eve'] as const
const burst = 40

/* The longest that anyone is overtaken for, and an answer's time. */
const longestMs = 30_000
const answerMs = 2000

interface Asked {
  readonly key: string
  readonly priority?: Priority
  readonly maxTokens?: number
}

/** Has several clients ask one slot for more than it can do; gives who waits for whom. */
export async function measureFairness(): Promise<readonly Figure[]> {
  const flags = { slots: 1, threads: 1, mostWaiting: 200, queueTimeoutMs: '5m', keys }
  const gateway = await startGateway({ models: [model], contextTokens: 2048, flags })
  try {
    return [...(await share(gateway)), ...(await order(gateway)), await press(gateway)]
  } finally {
    await gateway.close()
  }
}

async function share(gateway: Gateway): Promise<readonly Figure[]> {
  const asked = Array.from({ length: burst }, (): Asked => ({ key: keys[0] }))
  const answered = await answerTogether(gateway, [...asked, { key: keys[1] }])
  const own = answered.filter(index => index < burst)
  return [
    atMost(['R23', `place of another client behind a burst of ${burst}`], answered.indexOf(burst) + 1, {
      target: 5,
      unit: 'th',
    }),
    fact(['R23', 'the burst answered in its own order'], isRising(own), `${own.length} answered`),
  ]
}

async function order(gateway: Gateway): Promise<readonly Figure[]> {
  const priorities = ['low', 'normal', 'high', 'low', 'normal', 'high'] as const
  const asked = priorities.map((priority, index): Asked => ({ key: keys[index % 3] ?? keys[0], priority }))
  const answered = await answerTogether(gateway, asked)
  const ranks = answered.map(index => ['high', 'normal', 'low'].indexOf(priorities[index] ?? 'low'))
  return [fact(['R23', 'high before normal before low'], isRising(ranks), ranks.join(' '))]
}

/** Keeps urgent requests waiting all the time while one that is not urgent waits, too. */
async function press(gateway: Gateway): Promise<Figure> {
  const over = new AbortController()
  let urgent = 0
  const pressing = Array.from({ length: 4 }, async (_, index) => {
    while (!over.signal.aborted) {
      await send(gateway, { key: keys[index % 2] ?? keys[0], priority: 'high', maxTokens: 300 })
      urgent += 1
    }
  })
  await gateway.until(model, ({ waiting }) => waiting >= 2)
  const began = performance.now()
  await send(gateway, { key: keys[2], priority: 'low' })
  const waitedMs = Math.round(performance.now() - began)
  over.abort()
  await Promise.all(pressing)
  return atMost(['R23', `a low request among ${urgent} high ones answered after`], waitedMs, {
    target: longestMs + answerMs,
    unit: 'ms',
  })
}

/** Gives the order in which requests are answered that wait together, in the order in which they came. */
async function answerTogether(gateway: Gateway, asked: readonly Asked[]): Promise<readonly number[]> {
  const headers = { 'x-api-key': keys[2] }
  const song = await openStream(gateway.port, 'anthropic', { model, text: 'Sing', maxTokens: 1900, headers })
  await gateway.until(model, ({ answering }) => answering === 1)
  const { processId = 0 } = (await gateway.model(model)) ?? {}
  process.kill(processId, 'SIGSTOP')
  const answered: number[] = []
  const replies: Promise<unknown>[] = []
  for (const [index, each] of asked.entries()) {
    replies.push(send(gateway, each).then(() => answered.push(index)))
    await gateway.until(model, ({ waiting }) => waiting === index + 1)
  }
  process.kill(processId, 'SIGCONT')
  song.leave()
  await Promise.all(replies)
  return answered
}

let sent = 0
async function send({ port }: Gateway, { key, priority = 'normal', maxTokens = 4 }: Asked): Promise<void> {
  sent += 1
  const path = paths[protocols[sent % 2] ?? 'openai']
  const headers = { 'x-api-key': key, 'x-duologue-priority': priority }
  const reply = await ask(port, {
    method: 'POST',
    path,
    headers,
    body: bodyFor({ model, text: `Number ${sent}`, maxTokens }),
  })
  if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.text}`)
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number >= (numbers[index - 1] ?? 0))
}

import { expect, test } from 'vitest'
import { protocols } from '../program/streamed-answer.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'
import { serveEngine, until } from './serve-engine.ts'

const files = useTinyModel()
const one = { slots: 1, contextTokens: 2048 }

test('more requests than the queue takes are refused in the words of each protocol, and the others are answered', async () => {
  const served = await serveEngine(files.tiny, { preferences: one, policy: { mostWaiting: 3 } })
  const asked = Array.from({ length: 4 }, (_, index) => served.whole('anthropic', `Question ${index}`, 400))
  await served.untilBusy(4)
  const refused = await Promise.all(protocols.map(protocol => served.whole(protocol, 'One too many')))
  expect(refused.map(({ status }) => status)).toEqual([529, 429])
  for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
})

test('requests are answered in the order in which they came', async () => {
  const served = await serveEngine(files.tiny, { preferences: one })
  const asked: Promise<number>[] = []
  const answered: number[] = []
  for (let index = 0; index < 12; index += 1) {
    asked.push(served.whole('openai', `Question ${index}`, 60).then(() => answered.push(index)))
    // What is sent at the same time may come in any order.
    await until(() => served.log.length + busy(served.engine.status()[0]) === index + 1)
  }
  await Promise.all(asked)
  expect(answered).toEqual([...answered.keys()])
})

test('a request that waits for too long is refused before any of it is read', async () => {
  const served = await serveEngine(files.tiny, { preferences: one, policy: { queueTimeoutMs: 300 } })
  const child = served.processOf('m')
  const song = served.whole('openai', 'Sing', 1900)
  await until(() => served.engine.status()[0]?.answering === 1)
  process.kill(child, 'SIGSTOP')
  const late = await served.whole('anthropic', 'Too late')
  process.kill(child, 'SIGCONT')
  expect(late.status).toBe(529)
  expect(late.json.error.message).toMatch(/waited 1 s for a slot/)
  expect(served.log.find(({ status }) => status === 529)).not.toHaveProperty('inputTokens')
  expect((await song).status).toBe(200)
})

function busy(status: { readonly answering: number; readonly waiting: number } | undefined): number {
  return (status?.answering ?? 0) + (status?.waiting ?? 0)
}

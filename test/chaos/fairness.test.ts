import { expect, test } from 'vitest'
import type { Priority } from '../../src/core/request.ts'
import { Secret } from '../../src/core/secret.ts'
import { bodyFor, openStream, paths, protocols } from '../program/streamed-answer.ts'
import { ask } from '../support/http-client.ts'
import type { Reply } from '../support/http-client.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'
import { serveEngine, until } from './serve-engine.ts'

const files = useTinyModel()

const keys = [
  { name: 'ada', key: new Secret('key-of-ada') },
  { name: 'bob', key: new Secret('key-of-bob') },
  { name: 'eve', key: new Secret('key-of-eve'), priority: 'low' },
] as const

interface Asked {
  readonly who: 'ada' | 'bob' | 'eve'
  readonly priority?: Priority
}

/** A server with one slot, which is taken until `free` is called; what is asked meanwhile waits. */
async function serveOne({ mostWaiting = 512 } = {}) {
  const served = await serveEngine(files.tiny, {
    keys,
    preferences: { slots: 1, contextTokens: 2048 },
    policy: { queueTimeoutMs: 60_000, mostWaiting },
  })
  const { engine, port } = served
  const headers = { 'x-api-key': 'key-of-ada' }
  const song = await openStream(port, 'anthropic', { model: 'm', text: 'Sing', maxTokens: 2000, headers })
  const child = served.processOf('m')
  await until(() => engine.status()[0]?.answering === 1)
  process.kill(child, 'SIGSTOP')
  const answered: number[] = []
  const replies: Promise<Reply>[] = []
  return {
    answered,
    /** Settles when the request waits. */
    ask: async ({ who, priority }: Asked): Promise<void> => {
      const index = replies.length
      const path = paths[protocols[index % 2] ?? 'openai']
      const own = { 'x-api-key': `key-of-${who}`, ...(priority && { 'x-duologue-priority': priority }) }
      const body = bodyFor({ model: 'm', text: `Question ${index}`, maxTokens: 4 })
      const reply = ask(port, { method: 'POST', path, headers: own, body })
      replies.push(reply)
      void reply.then(() => answered.push(index))
      await until(() => engine.status()[0]?.waiting === replies.length)
    },
    refused: (who: Asked['who']): Promise<Reply> =>
      ask(port, {
        method: 'POST',
        path: paths.anthropic,
        headers: { 'x-api-key': `key-of-${who}` },
        body: bodyFor({ model: 'm', text: 'One too many', maxTokens: 4 }),
      }),
    /** Frees the slot; settles when everybody is answered. */
    free: async (): Promise<void> => {
      process.kill(child, 'SIGCONT')
      song.leave()
      expect(new Set((await Promise.all(replies)).map(({ status }) => status))).toEqual(new Set([200]))
    },
  }
}

test('a client with a burst does not keep another one waiting for all of it', async () => {
  const one = await serveOne()
  for (let index = 0; index < 10; index += 1) await one.ask({ who: 'ada' })
  await one.ask({ who: 'bob' })
  await one.free()
  expect(one.answered.indexOf(10)).toBeLessThan(5)
  expect(one.answered.filter(index => index < 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a client that fills the queue of a model keeps no other client out of it', async () => {
  const one = await serveOne({ mostWaiting: 4 })
  for (let index = 0; index < 4; index += 1) await one.ask({ who: 'ada' })
  const { status, headers } = await one.refused('ada')
  expect(status).toBe(529)
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  await one.ask({ who: 'bob' })
  await one.ask({ who: 'eve' })
  await one.free()
  expect(one.answered).toHaveLength(6)
})

test('what is urgent goes before what is not, of one client and of several', async () => {
  const one = await serveOne()
  await one.ask({ who: 'ada', priority: 'low' })
  await one.ask({ who: 'bob' })
  await one.ask({ who: 'ada', priority: 'high' })
  await one.free()
  expect(one.answered).toEqual([2, 1, 0])
})

test('a header does not lift a request above the priority of its key', async () => {
  const one = await serveOne()
  await one.ask({ who: 'eve', priority: 'high' })
  await one.ask({ who: 'eve' })
  await one.ask({ who: 'bob' })
  await one.free()
  expect(one.answered).toEqual([2, 0, 1])
})

test('a header can lower a request', async () => {
  const one = await serveOne()
  await one.ask({ who: 'bob', priority: 'low' })
  await one.ask({ who: 'ada', priority: 'normal' })
  await one.free()
  expect(one.answered).toEqual([1, 0])
})

test('a priority that does not exist is refused by name', async () => {
  const { port } = await serveEngine(files.tiny, { keys })
  for (const protocol of protocols) {
    const headers = { 'x-api-key': 'key-of-ada', 'x-duologue-priority': 'urgent' }
    const body = bodyFor({ model: 'm', maxTokens: 1 })
    const reply = await ask(port, { method: 'POST', path: paths[protocol], headers, body })
    expect(reply.status).toBe(400)
    expect(reply.json.error.message).toContain('x-duologue-priority: it must be high, normal or low')
  }
})

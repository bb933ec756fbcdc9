import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { EngineNews } from '../../src/engine/engine.ts'
import { errorOf, protocols } from '../program/streamed-answer.ts'
import { askFor } from '../support/engine.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'
import { writeTinyModel } from '../support/tiny-model.ts'
import { serveEngine, until } from './serve-engine.ts'

const files = useTinyModel()

/** A model whose answers last longer than a test looks on. */
async function longModel(): Promise<string> {
  const path = join(files.folder, 'long.gguf')
  await writeTinyModel(path, { contextLength: 16_384 })
  return path
}

describe.each(['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const)('when the process of a model ends with %s', signal => {
  test('what no client saw is run again, and what one saw ends with an error of its protocol', async () => {
    const served = await serveEngine(await longModel(), { preferences: { slots: 8 } })
    const seen = await Promise.all(protocols.map(protocol => served.streamed(protocol, 'Sing')))
    const child = served.processOf('m')
    // A process that is stopped finishes nothing before it is killed.
    process.kill(child, 'SIGSTOP')
    const unseen = Array.from({ length: 12 }, (_, index) =>
      served.whole(protocols[index % 2] ?? 'openai', `Question ${index}`),
    )
    const counted = served.count('How long is this?')
    await served.untilBusy(seen.length + unseen.length)
    process.kill(child, signal)
    process.kill(child, 'SIGCONT')

    for (const [index, { whole }] of seen.entries()) {
      expect(errorOf(protocols[index] ?? 'openai', await whole).message).toMatch(/engine process ended before/)
    }
    expect((await Promise.all(unseen)).map(({ status }) => status)).toEqual(unseen.map(() => 200))
    expect((await counted).json.input_tokens).toBeGreaterThan(0)
    // Whether the process had been asked to count when it ended is left to chance.
    const answered = served.log.filter(({ path }) => path !== '/v1/messages/count_tokens')
    const repeated = answered.filter(({ attempts }) => Array.isArray(attempts) && attempts.length === 2)
    expect(repeated.map(({ attempts }) => attempts)).toEqual(
      unseen.map(() => [expect.objectContaining({ target: 'local/m', failure: 'unavailable' }), { target: 'local/m' }]),
    )
  })
})

test('a process that hangs is ended, and what no client saw is run again', async () => {
  const patience = { floorMs: 300, steps: 3, firstMs: 20_000 }
  const served = await serveEngine(await longModel(), { patience })
  expect((await served.whole('openai', 'Before')).status).toBe(200)
  const child = served.processOf('m')
  process.kill(child, 'SIGSTOP')
  const unseen = [served.whole('anthropic', 'One'), served.whole('openai', 'Two')]
  expect((await Promise.all(unseen)).map(({ status }) => status)).toEqual([200, 200])
  expect(served.news.find(({ type }) => type === 'crashed')).toMatchObject({ exit: { stalledMs: expect.any(Number) } })
})

test('a request that two processes ended with is refused, and no other', async () => {
  const served = await serveEngine(await longModel(), { preferences: { slots: 2 } })
  const poison = served.whole('anthropic', 'Poison', 16_000)
  let child = served.processOf('m')
  for (let deaths = 0; deaths < 2; deaths += 1) {
    await until(() => served.engine.status()[0]?.answering === 1)
    process.kill(child, 'SIGKILL')
    child = await served.untilReplaced(child)
  }
  expect((await poison).status).toBe(503)
  const again = await served.whole('anthropic', 'Poison', 16_000)
  expect(again.status).toBe(503)
  expect(again.json.error.message).toMatch(/each of the 2 times that the engine process ended/)
  expect(Number(again.headers['retry-after'])).toBeGreaterThan(60)
  expect((await served.whole('anthropic', 'Food')).status).toBe(200)
  expect(served.processOf('m')).toBe(child)
})

test('a conversation with which two processes ended as they counted it is not counted again, and any other is', async () => {
  let isDeadly = false
  const killWhatLoads = (news: EngineNews) => {
    if (isDeadly && news.type === 'ready') process.kill(Number(news.processId), 'SIGKILL')
  }
  const served = await serveEngine(files.tiny, { preferences: { contextTokens: 2048 }, onNews: killWhatLoads })
  const child = served.processOf('m')
  process.kill(child, 'SIGSTOP')
  const poison = served.count('Poison')
  await until(() => served.engine.status()[0]?.requests === 1)
  isDeadly = true
  process.kill(child, 'SIGKILL')
  expect((await poison).status).toBe(503)
  isDeadly = false
  const again = await served.count('Poison')
  expect(again.status).toBe(503)
  expect(again.json.error.message).toMatch(/each of the 2 times that the engine process ended/)
  expect(Number(again.headers['retry-after'])).toBeGreaterThan(60)
  expect((await served.count('Food')).status).toBe(200)
  expect(served.news.filter(({ type }) => type === 'crashed')).toHaveLength(2)
})

test('a count whose client left is suspected all the same', async () => {
  const served = await serveEngine(files.tiny, { preferences: { contextTokens: 2048 } })
  for (let deaths = 0; deaths < 2; deaths += 1) {
    const child = served.processOf('m')
    process.kill(child, 'SIGSTOP')
    const leaving = new AbortController()
    const counted = served.engine.countTokens(askFor('Poison', { model: 'm' }), leaving.signal)
    await until(() => served.engine.status()[0]?.requests === 1)
    leaving.abort()
    await expect(counted).rejects.toMatchObject({ kind: 'aborted' })
    process.kill(child, 'SIGKILL')
    await served.untilReplaced(child)
  }
  const again = served.engine.countTokens(askFor('Poison', { model: 'm' }), new AbortController().signal)
  await expect(again).rejects.toThrow(/each of the 2 times/)
})

test('a process that ends while it loads is started again for those that wait', async () => {
  const served = await serveEngine(await longModel())
  const child = served.processOf('m')
  process.kill(child, 'SIGKILL')
  await until(() => served.engine.status()[0]?.state === 'loading')
  const waiting = served.whole('openai', 'Hello')
  await served.untilBusy(1)
  expect((await waiting).status).toBe(200)
})

/* The limit of another process's memory can be set on Linux only. */
test.runIf(process.platform === 'linux')(
  'a process that gets no more memory is replaced by one that does',
  async () => {
    const served = await serveEngine(await longModel())
    const child = served.processOf('m')
    await promisify(execFile)('prlimit', ['--pid', String(child), '--data=0', '--as=0'])
    // The one reads megabytes into memory that it does not get; the other says that they are too long.
    const { json } = await served.whole('anthropic', 'word '.repeat(800_000))
    expect(json.error.message).toMatch(/tokens/)
    expect(served.news.filter(({ type }) => type === 'crashed')).toHaveLength(1)
    expect(served.processOf('m')).not.toBe(child)
  },
)

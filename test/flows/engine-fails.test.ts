import { rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EngineNews } from '../../src/engine/engine.ts'
import { until } from '../chaos/serve-engine.ts'
import { engineOf } from '../program/processes.ts'
import { askHelped, askKept, expectAll, fromCloud, fromHere, refused, untouched } from '../support/ask-for-help.ts'
import { openKey, serveHelped } from '../support/helped-engine.ts'
import { ask } from '../support/http-client.ts'
import { useModelFolder } from '../support/model-folder.ts'
import { errorOf, protocols, stream } from '../program/streamed-answer.ts'

/*
 * The real engine cannot answer: its model is missing, still loading, crashes or hangs. The cloud answers where the
 * rules allow it; where they do not, clients are told, and a canary sees nothing. Afterwards the model answers again.
 */

const folder = useModelFolder({ m: {}, long: { contextLength: 16_384 }, vectors: { pooling: 1 } })

/** Longer to read than a test needs to end the process that reads it. */
const longText = 'word '.repeat(2300)

test('a model that is missing is helped out, or what keeps the request is told', async () => {
  await using there = await serveHelped(folder, { names: { none: {} } })
  expectAll(await askHelped(there, 'none'), fromCloud())
  const kept = await askKept(there, 'none')
  expectAll(kept, { status: 403, faults: [] })
  for (const { message, keeper } of kept) expect(message).toContain(keeper)
  expect(there.canary).toMatchObject(untouched)
})

test('a model whose file goes while it is served is helped out as soon as it has to be loaded again', async () => {
  await using there = await serveHelped(folder, { names: { m: {} } })
  const file = folder.fileOf('m')
  // The folder is old enough for its list to be kept in memory.
  await utimes(join(folder.path, 'models'), 0, 0)
  await there.engine.load('m')
  await rename(file, `${file}.away`)
  expectAll(await askHelped(there, 'm'), fromHere('m'))
  process.kill(there.processOf('m'), 'SIGKILL')
  await until(() => there.engine.status().length === 0)
  expectAll(await askHelped(there, 'm'), fromCloud(['local/m failed: not-found', 'cloud/large']))
  expectAll(await askKept(there, 'm'), refused(404, /model 'm' cannot be loaded: .*does not exist/))
  await rename(`${file}.away`, file)
  expectAll(await askHelped(there, 'm'), fromHere('m'))
  expect(there.canary).toMatchObject(untouched)
})

test('a model that is still being loaded is not waited for where a rule sets a limit', async () => {
  const names = { m: { mostWaitMs: 1000 }, hasty: { model: 'm', timeouts: { firstTokenMs: 200 } } }
  await using there = await serveHelped(folder, { names })
  const loading = there.engine.load('m')
  const child = await engineOf(process.pid)
  process.kill(child, 'SIGSTOP')
  expect(there.engine.status()).toMatchObject([{ state: 'loading' }])
  expectAll(await askHelped(there, 'm'), fromCloud())
  expectAll(await askHelped(there, 'hasty'), fromCloud(['local/m failed: timeout', 'cloud/large']))
  expectAll(await askKept(there, 'hasty'), refused(504, /said nothing within 200 ms/))
  const kept = askKept(there, 'm')
  await until(() => there.engine.outlook?.('m')?.waiting === 16)
  process.kill(child, 'SIGCONT')
  expectAll(await kept, fromHere('m'))
  await loading
  expectAll(await askHelped(there, 'm'), fromHere('m'))
  expect(there.canary).toMatchObject(untouched)
})

test('a process that ends each time before its client saw anything makes way, at last without being started', async () => {
  let later = 0
  let isDeadly = false
  const killWhatLoads = (news: EngineNews) => {
    if (isDeadly && news.type === 'ready') process.kill(Number(news.processId), 'SIGKILL')
  }
  const now = () => performance.now() + later
  const engine = { preferences: { slots: 4 }, now, onNews: killWhatLoads }
  await using there = await serveHelped(folder, { names: { long: {} }, engine })
  await there.engine.load('long')
  isDeadly = true
  const helped = askHelped(there, 'long', { text: longText })
  const kept = askKept(there, 'long', { text: longText })
  await until(() => there.engine.status()[0]?.answering === 4)
  process.kill(there.processOf('long'), 'SIGSEGV')
  const failed = 'local/long failed: unavailable'
  expectAll(await helped, fromCloud([failed, failed, 'cloud/large']))
  expectAll(await kept, { ...refused(503, /attempts failed in turn/), attempts: [failed, failed] })

  expectAll(await askHelped(there, 'long'), fromCloud([failed, 'cloud/large']))
  expectAll(await askKept(there, 'long'), { ...refused(503, /ended 3 times within a minute/), saysWhen: true })
  isDeadly = false
  later = 60_000
  expectAll(await askHelped(there, 'long'), fromHere('long'))
  expect(there.canary).toMatchObject(untouched)
})

test('a process that ends in the sight of its clients is not continued by the cloud, and what none saw is run again', async () => {
  await using there = await serveHelped(folder, { names: { long: {} }, engine: { preferences: { slots: 2 } } })
  await there.engine.load('long')
  const headers = { 'x-api-key': openKey }
  const question = { model: 'long', text: 'Sing', maxTokens: 16_000, headers }
  const seen = await Promise.all(protocols.map(protocol => stream(there.open.port, protocol, question)))
  const unseen = askHelped(there, 'long')
  await until(() => there.engine.status()[0]?.waiting === 4)
  process.kill(there.processOf('long'), 'SIGKILL')
  for (const [index, { whole }] of seen.entries()) {
    expect(errorOf(protocols[index] ?? 'openai', await whole).message).toMatch(/engine process ended before the answer/)
  }
  expectAll(await unseen, fromHere('long'))
  expect(there.cloud).toMatchObject(untouched)
  expectAll(await askHelped(there, 'long'), fromHere('long'))
  expect(there.canary).toMatchObject(untouched)
})

test('a process that hangs is not waited for where a rule sets a limit, and ended however soon its clients give up', async () => {
  await using there = await serveHelped(folder, {
    names: { m: {}, hasty: { model: 'm', timeouts: { firstTokenMs: 150 } } },
    engine: { patience: { floorMs: 600, steps: 3, firstMs: 20_000 } },
  })
  await there.ask('Hello', { model: 'm' })
  const child = there.processOf('m')
  process.kill(child, 'SIGSTOP')
  expectAll(await askHelped(there, 'hasty'), fromCloud(['local/m failed: timeout', 'cloud/large']))
  expectAll(await askKept(there, 'hasty'), refused(504, /said nothing within 150 ms/))
  const hasCrashed = () => there.news.some(({ type }) => type === 'crashed')
  for (let left = 20; left > 0 && !hasCrashed(); left -= 1) await askHelped(there, 'hasty')
  expect(hasCrashed()).toBe(true)
  expectAll(await askHelped(there, 'm'), fromHere('m'))
  expect(there.canary).toMatchObject(untouched)
})

test('vectors are made here or not at all: those of the cloud would be of another kind', async () => {
  await using there = await serveHelped(folder, { names: { vectors: {} } })
  const headers = { 'x-api-key': openKey }
  const body = { model: 'vectors', input: 'Hello' }
  const embed = () => ask(there.open.port, { method: 'POST', path: '/v1/embeddings', headers, body })
  await there.engine.load('vectors')
  const child = there.processOf('vectors')
  process.kill(child, 'SIGSTOP')
  const vectors = embed()
  await until(() => there.engine.status()[0]?.requests === 1)
  process.kill(child, 'SIGKILL')
  expect((await vectors).json.data).toHaveLength(1)
  const file = folder.fileOf('vectors')
  await rename(file, `${file}.away`)
  process.kill(there.processOf('vectors'), 'SIGKILL')
  await until(() => there.engine.status().length === 0)
  expect((await embed()).status).toBe(404)
  await rename(`${file}.away`, file)
  expect((await embed()).status).toBe(200)
  expect(there.cloud).toMatchObject(untouched)
})

import { expect, test } from 'vitest'
import { until } from '../chaos/serve-engine.ts'
import { bodyFor, paths, protocols } from '../program/streamed-answer.ts'
import { askHelped, askKept, expectAll, fromCloud, refused, untouched } from '../support/ask-for-help.ts'
import type { Told } from '../support/ask-for-help.ts'
import { askFor } from '../support/engine.ts'
import { keptKey, openKey, serveHelped } from '../support/helped-engine.ts'
import type { HelpedEngine } from '../support/helped-engine.ts'
import { ask } from '../support/http-client.ts'
import { useModelFolder } from '../support/model-folder.ts'

/*
 * The real engine is well and will not answer: it is too busy, its model takes no prompt so long, does not fit into the
 * memory, or cannot see. The cloud answers where the rules allow it; where they do not, clients are told, and a canary
 * sees nothing.
 */

const folder = useModelFolder({ m: {}, other: {}, vast: { contextLength: 131_072 } })

const otherRoutes = {
  '/v1/messages/count_tokens': { messages: [{ role: 'user', content: 'Hello' }] },
  '/v1/embeddings': { input: 'Hello' },
  '/v1/completions': { prompt: 'Hello' },
  '/v1/rerank': { query: 'Hello', documents: ['Hello'] },
}

/* OpenAI's clients are told of what is full in another number. */
function full(told: readonly Told[], message: RegExp) {
  const status = expect.toSatisfy((status: number) => status === 529 || status === 429)
  expectAll(told, { ...refused(0, message), status, saysWhen: true })
}

/** Takes a model's slot, until it is told to go on. */
async function occupy({ engine, processOf }: HelpedEngine, model: string) {
  const song = engine.stream(askFor('Sing', { model, maxTokens: 1900 }), new AbortController().signal)
  const events = song[Symbol.asyncIterator]()
  await events.next()
  const child = processOf(model)
  process.kill(child, 'SIGSTOP')
  return async () => {
    process.kill(child, 'SIGCONT')
    await events.return?.()
  }
}

test('a model whose queue is full refuses what it cannot take, and takes it again later', async () => {
  await using there = await serveHelped(folder, {
    names: { m: {} },
    engine: { preferences: { slots: 1 }, policy: { mostWaiting: 1 } },
  })
  const free = await occupy(there, 'm')
  // A key that has nothing in the queue would be let in all the same.
  const waiting = ask(there.open.port, {
    method: 'POST',
    path: '/v1/messages',
    headers: { authorization: `Bearer ${openKey}` },
    body: bodyFor({ model: 'm', text: 'Wait', maxTokens: 8 }),
  })
  await until(() => there.engine.outlook?.('m')?.waiting === 1)
  expectAll(await askHelped(there, 'm'), fromCloud(['local/m failed: overloaded', 'cloud/large']))
  full(await askKept(there, 'm'), /the queue of model 'm' is full/)
  await free()
  await waiting
  expect(await whole(there, 'Hello')).toMatchObject([{ target: 'local/m' }, { target: 'local/m' }])
  expect(there.canary).toMatchObject(untouched)
})

test('a model whose queue is long is not asked where a rule sets a limit, and elsewhere waited for as long as its owner wants', async () => {
  const names = { m: {}, brisk: { model: 'm', mostWaitMs: 20 } }
  await using there = await serveHelped(folder, {
    names,
    engine: { preferences: { slots: 1 }, policy: { queueTimeoutMs: 300 } },
  })
  const free = await occupy(there, 'm')
  expectAll(await askHelped(there, 'm'), fromCloud(['local/m failed: overloaded', 'cloud/large']))
  expectAll(await askHelped(there, 'brisk'), fromCloud())
  full(await askKept(there, 'brisk'), /waited 1 s for a slot of model 'm'/)
  await free()
  expect(await whole(there, 'Hello')).toMatchObject([{ target: 'local/m' }, { target: 'local/m' }])
  expect(there.canary).toMatchObject(untouched)
})

test('a model that finds no memory beside a busy one makes way until there is some', async () => {
  const names = { other: {}, brisk: { model: 'other', mostWaitMs: 1000 } }
  const preferences = { slots: 1, contextTokens: 2048 }
  await using sized = await serveHelped(folder, { names: {}, engine: { preferences } })
  await sized.engine.load('m')
  const memoryBytes = sized.engine.status()[0]?.plan?.memoryBytes ?? 0
  await using there = await serveHelped(folder, {
    names,
    engine: { preferences, policy: { memoryBytes, queueTimeoutMs: 300 } },
  })
  const free = await occupy(there, 'm')
  expectAll(await askHelped(there, 'other'), fromCloud(['local/other failed: overloaded', 'cloud/large']))
  const kept = askKept(there, 'other')
  await until(() => there.engine.outlook?.('other')?.state === 'no-room')
  expectAll(await askHelped(there, 'brisk'), fromCloud())
  full(await kept, /no memory for model 'other' beside those that are in use \('m'\)/)
  await free()
  expect(await whole(there, 'Hello', 'other')).toMatchObject([{ target: 'local/other' }, { target: 'local/other' }])
  expect(there.canary).toMatchObject(untouched)
})

test('a model that does not fit into the memory makes way', async () => {
  await using there = await serveHelped(folder, {
    names: { vast: {} },
    engine: { preferences: { contextTokens: 131_072 }, policy: { memoryBytes: 32 * 1024 * 1024 } },
  })
  expectAll(await askHelped(there, 'vast'), fromCloud(['local/vast failed: unavailable', 'cloud/large']))
  expectAll(await askKept(there, 'vast'), refused(503, /model 'vast' cannot be loaded: .* needs [\d.]+ [MG]iB/))
  const headers = { authorization: `Bearer ${keptKey}` }
  const others = Object.entries(otherRoutes).map(async ([path, body]) => {
    return (await ask(there.open.port, { method: 'POST', path, headers, body: { model: 'vast', ...body } })).status
  })
  expect(await Promise.all(others)).toEqual([503, 503, 503, 503])
  expect(there.canary).toMatchObject(untouched)
})

test('a picture goes to who can see it', async () => {
  await using there = await serveHelped(folder, { names: { m: {} } })
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  expectAll(await askHelped(there, 'm', { png }), fromCloud())
  expectAll(
    await askKept(there, 'm', { png }),
    refused(400, /contains an image, which the embedded engine cannot show/),
  )
  expect(there.canary).toMatchObject(untouched)
})

test('a prompt that is too long goes to who has room for it, from the first token on that does not fit', async () => {
  await using there = await serveHelped(folder, { names: { m: {} }, engine: { preferences: { contextTokens: 512 } } })
  const far = { text: 'word '.repeat(5000) }
  expectAll(await askHelped(there, 'm', far), fromCloud())
  expectAll(await askKept(there, 'm', far), refused(400, /^prompt is too long: (about )?\d+ tokens > 511 maximum/))
  const near = { text: '7'.repeat(500) }
  expectAll(await askHelped(there, 'm', near), fromCloud(['local/m failed: invalid-request', 'cloud/large']))
  expectAll(await askKept(there, 'm', near), refused(400, /^prompt is too long: \d+ tokens > 511 maximum/))

  const frame = await there.engine.countTokens(askFor('7', { model: 'm' }), new AbortController().signal)
  const fits = '7'.repeat(512 - frame)
  expect(await whole(there, fits)).toEqual([
    { target: 'local/m', stop: 'model_context_window_exceeded' },
    { target: 'local/m', stop: 'length' },
  ])
  expect(await whole(there, `${fits}7`)).toMatchObject([{ target: 'cloud/large' }, { target: 'cloud/large' }])
  expect(there.canary).toMatchObject(untouched)
})

/** Asks for more than there is room for, and gives who answered and why the answer ended, for each protocol. */
async function whole({ open }: HelpedEngine, text: string, model = 'm') {
  const headers = { authorization: `Bearer ${openKey}` }
  const body = bodyFor({ model, text, maxTokens: 64 })
  const answers = []
  // One after the other, so that none waits for the other's slot.
  for (const protocol of protocols) {
    const reply = await ask(open.port, { method: 'POST', path: paths[protocol], headers, body })
    const stop: unknown = reply.json.stop_reason ?? reply.json.choices?.[0].finish_reason
    answers.push({ target: reply.headers['x-duologue-target'], stop })
  }
  return answers
}

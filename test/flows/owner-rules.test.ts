import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { onTestFinished, test, expect } from 'vitest'
import { openConfig } from '../../src/config/open-config.ts'
import type { Kind } from '../../src/providers/provider.ts'
import { kinds } from '../../src/providers/registry.ts'
import { openConfiguredStore } from '../../src/services/configured-store.ts'
import { ask } from '../support/http-client.ts'
import { fakeCommand } from '../support/managed-provider.ts'
import { runProgram as run } from '../support/run-program.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import type { ScriptedUpstream } from '../support/scripted-upstream.ts'

const answer = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'large-2026',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
}

async function upstream(): Promise<ScriptedUpstream> {
  // A backend asks for streams; this one answers whole, which is read as well.
  const started = await startUpstream({ body: answer })
  onTestFinished(() => started[Symbol.asyncDispose]())
  return started
}

const question = (model: string) => ({
  method: 'POST',
  path: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content: 'Hi' }] },
})

const providers = (...places: readonly ScriptedUpstream[]): string => withKey('k', places)

const withKey = (key: string, places: readonly ScriptedUpstream[]): string =>
  `providers:\n${places.map(({ origin }, index) => `  p${index}: {kind: openai-compatible, url: '${origin}/v1', key: ${key}}\n`).join('')}`

const route = (provider: string): string =>
  `routes: [{name: all, match: {model: 'm*'}, targets: [{provider: ${provider}, model: large}]}]\n`

test('a change of the file counts from the next request on', async () => {
  const [first, second] = [await upstream(), await upstream()]
  const { port, configure } = await run(providers(first, second) + route('p0'))
  expect((await ask(port, question('m'))).headers['x-duologue-target']).toBe('p0/large')
  await configure(providers(first, second) + route('p1'))
  const moved = await ask(port, question('m'))
  expect(moved.headers).toMatchObject({ 'x-duologue-target': 'p1/large', 'x-duologue-route': 'all' })
  expect(moved.json.model).toBe('large-2026')
  await configure(`local-only: true\n${providers(first, second)}${route('p1')}`)
  expect((await ask(port, question('m'))).status).toBe(403)
  expect([first.seen.length, second.seen.length]).toEqual([1, 1])
})

test('a change that cannot be used as a whole lets nothing go that stayed before', async () => {
  const cloud = await upstream()
  const { port, configure, log } = await run(`local-only: true\n${providers(cloud)}${route('p0')}`)
  const tooLarge = "  - {name: large, match: {model: '/x{1001}/'}, targets: [{provider: p0}]}\n"
  const rules = `routes:\n  - {name: all, match: {model: 'm*'}, targets: [{provider: p0, model: large}]}\n${tooLarge}`
  await configure(providers(cloud) + rules)
  expect(log.some(line => line.includes('rules and providers stay as they were'))).toBe(true)
  expect((await ask(port, question('m'))).status).toBe(403)
  expect(cloud.receivedBytes).toBe(0)
})

test('a thousand changes under load, good and bad, cost no request', async () => {
  const [first, second] = [await upstream(), await upstream()]
  const { port, configure, log } = await run(providers(first, second) + route('p0'))
  const end = new AbortController()
  const load = async (): Promise<readonly number[]> => {
    const statuses: number[] = []
    while (!end.signal.aborted) {
      statuses.push((await ask(port, question('m'))).status)
      await nextTurn()
    }
    return statuses
  }
  const loads = [load(), load()]
  for (let change = 0; change < 1000; change += 1) {
    const isBad = change % 10 === 9
    const places = withKey(`k${change}`, [first, second])
    await configure(
      isBad ? `${places}routes: [{name: all, match: {model: '/(/'}}]\n` : places + route(`p${change % 2}`),
    )
  }
  end.abort()
  const statuses = (await Promise.all(loads)).flat()
  expect(statuses.length).toBeGreaterThan(0)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(log.some(line => line.includes('the configuration stays as it was'))).toBe(true)
  expect(first.seen.length + second.seen.length).toBe(statuses.length)
})

test('a request whose engine is set up anew before it is asked is planned again, and answered by the new one', async () => {
  const held = Promise.withResolvers<undefined>()
  const broken = await startUpstream(async response => {
    await held.promise
    response.writeHead(500).end('{}')
  })
  onTestFinished(() => broken[Symbol.asyncDispose]())
  const engine = (name: string) =>
    `  mine: {kind: llama-server, models: {${name}: {}}, command: ${JSON.stringify(fakeCommand())}}\n`
  const both = 'routes: [{name: all, match: {}, targets: [{provider: p0}, {provider: mine, model: large}]}]\n'
  const { port, configure } = await run(providers(broken) + engine('old') + both)
  const asked = ask(port, question('m'))
  await expect.poll(() => broken.seen.length).toBe(1)
  await configure(providers(broken) + engine('new') + both)
  held.resolve(undefined)
  expect(await asked).toMatchObject({ status: 200, headers: { 'x-duologue-target': 'mine/large' } })
})

test('what a command keeps counts in the running server, and what became of requests is kept', async () => {
  const cloud = await upstream()
  const { port, environment } = await run(providers(cloud))
  expect((await ask(port, question('m'))).status).toBe(404)
  const store = await openConfiguredStore((await openConfig({ flags: {}, environment })).config, environment)
  onTestFinished(() => store.close())
  await store.routes.put({
    name: 'stored',
    match: { model: { type: 'exact', text: 'm' } },
    targets: [{ provider: 'p0', model: 'large' }],
  })
  let status = 404
  while (status === 404) ({ status } = await ask(port, question('m')))
  expect(status).toBe(200)
  let kept = await store.attempts.list()
  while (kept.items.length === 0) {
    await pause(20)
    kept = await store.attempts.list()
  }
  expect(kept.items[0]).toMatchObject({ provider: 'p0', model: 'large', number: 1 })
  expect(kept.items[0]?.requestId).toMatch(/^req_/)
})

test('the models of others are listed under the names that requests use, and to who must stay only local ones', async () => {
  const cloud = await startUpstream({ body: { object: 'list', data: [{ id: 'large', object: 'model' }] } })
  onTestFinished(() => cloud[Symbol.asyncDispose]())
  const ollama = await startUpstream({ body: { models: [{ name: 'small' }, { name: 'vast:cloud' }] } })
  onTestFinished(() => ollama[Symbol.asyncDispose]())
  const keys = 'keys: [{name: a, key: open}, {name: b, key: closed, local-only: true}]\n'
  const engine = `  home: {kind: ollama, url: '${ollama.origin}', models: {'vast:cloud': {}}}\n`
  const { port } = await run(keys + providers(cloud) + engine)
  const list = async (key: string): Promise<readonly string[]> => {
    const { json } = await ask(port, { path: '/v1/models', headers: { authorization: `Bearer ${key}` } })
    return json.data.map(({ id }: { id: string }) => id)
  }
  expect(await list('closed')).toEqual(['home/small'])
  expect(cloud.receivedBytes).toBe(0)
  expect(await list('open')).toEqual(['p0/large', 'home/small'])
})

test('keys that are changed open the server at once, and it is never left without any', async () => {
  const { port, configure } = await run('keys: [{name: a, key: first}]\n')
  const status = async (key: string): Promise<number> =>
    (await ask(port, { path: '/v1/models', headers: { 'x-api-key': key } })).status
  expect([await status('first'), await status('second')]).toEqual([200, 401])
  await configure('keys: [{name: a, key: second}]\n')
  expect([await status('first'), await status('second')]).toEqual([401, 200])
  await configure('keys: []\n')
  expect([await status('first'), await status('second')]).toEqual([401, 200])
})

test('it is told where a request would go, rule by rule', async () => {
  const cloud = await upstream()
  const kept = '  - {name: of the boss, match: {headers: {x-from: boss}}, local-only: true}\n'
  const all = "routes:\n  - {name: all, match: {model: 'm*'}, targets: [{provider: p0, model: large}]}\n"
  const { port, app } = await run(providers(cloud) + all + kept)
  const { body } = question('m')
  const told = await ask(port, { method: 'POST', path: '/duologue/explain/route/v1/chat/completions', body })
  expect(told.json).toMatchObject({ route: 'all', targets: [{ provider: 'p0', model: 'large', isLocal: false }] })
  const asked = { protocol: 'openai-chat', request: body, headers: {} } as const
  expect(await app.explainRoute(asked)).toMatchObject({ route: 'all' })
  const headers = { 'x-duologue-local-only': 'yes' }
  expect(await app.explainRoute({ ...asked, headers })).toMatchObject({ targets: [], refusal: { kind: 'forbidden' } })
  const wrong = { 'x-duologue-strict': 'perhaps' }
  await expect(app.explainRoute({ ...asked, headers: wrong })).rejects.toMatchObject({ kind: 'invalid-request' })
  expect(await app.checkPrivacy()).toEqual({
    ways: [
      { route: 'all', target: 'p0/large' },
      { route: 'addressed', target: 'p0' },
    ],
    markedLocal: [],
    keysThatStay: [],
    rulesThatKeep: ['of the boss'],
  })
  expect(cloud.receivedBytes).toBe(0)
})

test('a provider elsewhere that is marked local is told apart from all ways out, also where nothing may leave', async () => {
  const places = `providers:
  openai: {key: k, local: true}
  box: {kind: vllm, url: 'http://10.0.0.5:8000', local: true}
  here: {kind: ollama}\n`
  const markedLocal = [
    { provider: 'openai', kind: 'openai', elsewhere: 'cloud' },
    { provider: 'box', kind: 'vllm', elsewhere: 'other-machine' },
  ]
  const { app, configure } = await run(places)
  expect(await app.checkPrivacy()).toMatchObject({ ways: [], markedLocal })
  await configure(`local-only: true\n${places}`)
  expect(await app.checkPrivacy()).toMatchObject({ ways: [], markedLocal })
})

test('a program that is started counts as local by its kind or its owner’s word, from file and store and after a change', async () => {
  const command = { program: '/bin/false', arguments: ['{port}'] }
  const entry = ({ id }: Kind, more = '') => `  ${id}: {command: ${JSON.stringify(command)}${more}}\n`
  const { app, configure, environment } = await run(`providers:\n${kinds.map(kind => entry(kind)).join('')}`)
  const store = await openConfiguredStore((await openConfig({ flags: {}, environment })).config, environment)
  onTestFinished(() => store.close())
  for (const { id } of kinds) await store.providers.put({ id: `stored-${id}`, kind: id, command })
  const waysOut = async () => (await app.checkPrivacy()).ways.map(({ target }) => target).toSorted()
  const engines = kinds.filter(({ isLocalEngine }) => isLocalEngine === true)
  const others = kinds.filter(kind => !engines.includes(kind)).map(({ id }) => id)
  const stored = others.map(id => `stored-${id}`)
  await expect.poll(waysOut).toEqual([...others, ...stored].toSorted())
  await configure(`providers:\n${kinds.map(kind => entry(kind, ', local: true')).join('')}`)
  await expect.poll(waysOut).toEqual(stored.toSorted())
  await configure(`providers:\n${kinds.map(kind => entry(kind, ', local: false')).join('')}`)
  await expect.poll(waysOut).toEqual([...kinds.map(({ id }) => id), ...stored].toSorted())
})

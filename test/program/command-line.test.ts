import { once } from 'node:events'
import { rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { etagOf, serveFile, startFakeHub } from '../support/fake-hub.ts'
import { encodeGguf } from '../support/gguf-writer.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { dataFolderWith, looseTinyModel } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess, startProcess } from './processes.ts'
import type { Ended, StartOptions } from './processes.ts'
import { serve } from './served.ts'

/** A usual width of terminals. */
const columns = 100

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

/** Runs `duologue` with the words of a line. */
async function duologue(line: string, options: StartOptions = {}): Promise<Ended> {
  return runProcess([process.execPath, main, ...line.split(' ').filter(word => word !== '')], options)
}

const verbs = [
  '',
  'serve',
  'run',
  'pull',
  'list',
  'rm',
  'show',
  'doctor',
  'providers add',
  'providers move-key',
  'engine add',
  'routes add',
  'attempts',
]

test.each(verbs)('duologue %s --help is as agreed', async verb => {
  const { code, out, err } = await duologue(`${verb} --help`)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  await expect(out).toMatchFileSnapshot(`help/${verb === '' ? 'duologue' : verb.replace(' ', '-')}.txt`)
})

test('--version is the version alone', async () => {
  const { code, out, err } = await duologue('--version')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
})

test.each([
  ['', /Usage: duologue/],
  ['florp', /unknown command 'florp'/],
  ['serve --florp', /unknown option '--florp'/],
  ['pull', /missing required argument 'model'/],
  ['run', /missing required argument 'model'/],
  ['run tiny --max-tokens many', /--max-tokens.*whole number above 0/],
  ['run tiny --temperature 3', /--temperature.*number from 0 to 2/],
  ['pull http://example.com/m.gguf', /use https:\/\//],
  ['rm', /missing required argument 'models'/],
])('used wrongly, as in "duologue %s", it ends with 2', async (line, message) => {
  const data = await dataFolderWith()
  const { code, out, err } = await duologue(line, data)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(message)
})

test.each([
  ['run nothing Hello', /"nothing" does not exist/],
  ['serve --model nothing --port 0', /"nothing" does not exist/],
  ['pull nothing-like-it', /the catalogue has no "nothing-like-it"/],
  ['pull ./nothing.gguf', /there is no file/],
  ['rm nothing', /"nothing" is not on this machine/],
  ['show nothing', /there is no model "nothing"/],
])('asked for what is not there, as in "duologue %s", it ends with 66', async (line, message) => {
  const data = await dataFolderWith({ tiny: {} })
  const { code, out, err } = await duologue(line, data)
  expect({ code, out }).toEqual({ code: 66, out: '' })
  expect(err).toMatch(message)
})

test.each([
  ['serve --port seven', {}, /--port "seven" is not usable: it must be a whole number from 0 to 65535/],
  ['serve --slots 0', {}, /--slots "0" is not usable/],
  ['serve', { DUOLOGUE_PORT: '70000' }, /DUOLOGUE_PORT "70000" is not usable/],
  ['list', { DUOLOGUE_LOG_LEVEL: 'loud' }, /DUOLOGUE_LOG_LEVEL "loud" is not usable/],
  ['pull starter', { HF_ENDPOINT: 'ftp://hub' }, /HF_ENDPOINT "ftp:\/\/hub" is not usable/],
  ['serve --host 203.0.113.7 --key K --port 0', {}, /203\.0\.113\.7:0 is no address of this machine/],
])(
  'with a setting that cannot be used, as in "duologue %s" %j, it ends with 78',
  async (line, environment, message) => {
    const data = await dataFolderWith()
    const { code, out, err } = await duologue(line, { environment: { ...data.environment, ...environment } })
    expect({ code, out }).toEqual({ code: 78, out: '' })
    expect(err).toMatch(message)
  },
)

test('without a key it listens on no public address, ends with 78 and names three ways out', async () => {
  const data = await dataFolderWith()
  const { code, out, err } = await duologue('serve --host 0.0.0.0 --port 0', data)
  expect({ code, out }).toEqual({ code: 78, out: '' })
  expect(err).toMatch(/1\. .*--key[^]*2\. .*127\.0\.0\.1[^]*3\. .*--insecure-no-auth/)
})

test('on a port that is taken it ends with 78 and says what to do', async () => {
  const data = await dataFolderWith()
  const port = await takenPort()
  const { code, out, err } = await duologue(`serve --port ${port}`, data)
  expect({ code, out }).toEqual({ code: 78, out: '' })
  expect(err).toContain(`127.0.0.1:${port} is in use; choose another with --port`)
})

test('when no source can be reached, pull ends with 69 and names each', async () => {
  const data = await dataFolderWith()
  const environment = { ...data.environment, HF_ENDPOINT: 'http://127.0.0.1:1' }
  const { code, out, err } = await duologue('pull hf:owner/repo/m.gguf', { environment })
  expect({ code, out }).toEqual({ code: 69, out: '' })
  expect(err).toContain('127.0.0.1:1 cannot be reached')
})

test('Ctrl-C during a pull ends it with 130, and the next pull goes on from there', async () => {
  const content = Buffer.from(encodeGguf(tinyModel()))
  const half = 256 * 1024
  const hub = await startFakeHub((request, response, attempt) => {
    if (attempt > 1) return serveFile(request, response, { content })
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, half))
  })
  onTestFinished(async () => hub[Symbol.asyncDispose]())
  const data = await dataFolderWith()
  const options = { environment: { ...data.environment, HF_ENDPOINT: hub.origin } }
  const pull = startProcess([process.execPath, main, 'pull', 'hf:owner/repo/m.gguf'], options)
  await untilPart(data.path, half)
  pull.signal('SIGINT')
  const { code, out, err } = await pull.ended
  expect({ code, out }).toEqual({ code: 130, out: '' })
  expect(err).toMatch(/are kept, run the same command to go on/)
  expect((await duologue('list', options)).err).toMatch(/Unfinished: m, \d+\.\d KiB of \d+\.\d KiB so far/)
  expect(await duologue('pull hf:owner/repo/m.gguf', options)).toMatchObject({ code: 0 })
  expect(hub.seen.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-$/)
})

test('what is written with --json is JSON and nothing else', async () => {
  const data = await dataFolderWith()
  const json = async (line: string) => JSON.parse((await duologue(`${line} --json`, data)).out) as unknown
  expect(await json(`pull ${await looseTinyModel(data, 'tiny')}`)).toMatchObject({ id: 'tiny', isNew: true })
  expect(await json('list')).toMatchObject([{ id: 'tiny' }])
  expect(await json('list --available')).toContainEqual(expect.objectContaining({ name: 'starter' }))
  expect(await json('show tiny')).toMatchObject({ type: 'installed', model: { id: 'tiny' } })
  expect(await json('run tiny --max-tokens 5 Hello')).toMatchObject({
    model: 'tiny',
    text: expect.any(String),
    stop: { reason: 'max-tokens' },
    usage: { outputTokens: 5 },
  })
  expect(await json('doctor')).toContainEqual({ name: 'models', state: 'ok', found: 'tiny' })
  expect(await json('rm tiny')).toMatchObject([{ id: 'tiny' }])
})

test('without a terminal nothing has colours, bars or cursor movements', async () => {
  const data = await dataFolderWith()
  const file = await looseTinyModel(data, 'tiny')
  const lines = [`pull ${file}`, 'list', 'list --available', 'show tiny', 'run tiny --max-tokens 5 Hello', 'doctor']
  for (const line of [...lines, 'rm tiny', 'rm tiny']) {
    const { out, err } = await duologue(line, data)
    expect(out + err).toBe(stripVTControlCharacters(out + err))
    expect(out + err).not.toContain('\r')
  }
})

test('run answers one question, from the command line or from a pipe, and the answer alone is on stdout', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const asked = await duologue('run tiny --temperature 0 --max-tokens 12 What is this?', data)
  const piped = await duologue('run tiny --temperature 0 --max-tokens 12', { ...data, input: 'What is this?\n' })
  expect(asked.code).toBe(0)
  expect(asked.out.length).toBeGreaterThan(5)
  expect(piped.out).toBe(asked.out)
  expect(asked.err).toMatch(/^Loading tiny: [^\n]*\n$/)
})

test('run with an empty pipe and no question ends with 2', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const { code, err } = await duologue('run tiny', data)
  expect(code).toBe(2)
  expect(err).toContain('there is no question')
})

test('show tells what a model is, before and after it is here; rm takes it away', async () => {
  const data = await dataFolderWith({ tiny: {} })
  expect((await duologue('show starter', data)).out).toMatch(/^Name +starter$[^]*^To have it +duologue pull starter$/m)
  expect((await duologue('show tiny', data)).out).toMatch(/^Name +tiny$[^]*^Context +2,048 tokens$/m)
  expect((await duologue('rm tiny', data)).out).toMatch(/^tiny is removed \(534\.\d KiB\)\n$/)
  expect(await duologue('list', data)).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('No models yet'),
  })
})

test('a model whose file was damaged is told of, and can be pulled again or removed', async () => {
  const data = await dataFolderWith({ tiny: {}, other: {} })
  await rm(data.modelFile('tiny'))
  await truncate(data.modelFile('other'), 1000)
  expect((await duologue('list', data)).err).toMatch(/^Damaged: other, .*\nDamaged: tiny, /m)
  const file = await looseTinyModel(data, 'tiny')
  expect(await duologue(`pull ${file}`, data)).toMatchObject({ code: 0, out: expect.stringContaining('tiny is ready') })
  expect(await duologue('rm other', data)).toMatchObject({ code: 0, out: 'other is removed (1000 B)\n' })
  expect(await duologue('list', data)).toMatchObject({ out: expect.stringMatching(/^NAME[^\n]*\ntiny /), err: '' })
})

test('the catalogue fits a terminal, and tells which models do not fit the memory', async () => {
  const data = await dataFolderWith()
  const { code, out } = await duologue('list --available', data)
  expect(code).toBe(0)
  expect(out.split('\n').filter(line => line.length > columns)).toEqual([])
  expect(out).toMatch(/^starter +135M +93\.8 MiB +512\.0 MiB +Apache-2\.0$/m)
})

test('doctor finds nothing wrong with a machine that can serve', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const port = await freePort()
  const { code, out } = await duologue('doctor', { environment: { ...data.environment, DUOLOGUE_PORT: String(port) } })
  expect(code).toBe(0)
  expect(
    out
      .trim()
      .split('\n')
      .map(line => line.split(/ +/)[0]),
  ).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok'])
})

test('doctor finds nothing wrong where the server runs already', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const { port } = await serve(main, [], data)
  const { code, out } = await duologue('doctor', { environment: { ...data.environment, DUOLOGUE_PORT: String(port) } })
  expect(out).toMatch(new RegExp(`^ok +address +127\\.0\\.0\\.1:${port} is served by Duologue$`, 'm'))
  expect(code).toBe(0)
})

test('doctor names a broken model and a taken port, with what to do, and ends with 69', async () => {
  const data = await dataFolderWith({ tiny: {}, short: {}, other: {} })
  await truncate(data.modelFile('short'), 1000)
  await writeFile(data.modelFile('tiny'), Buffer.alloc((await stat(data.modelFile('tiny'))).size))
  const port = await takenPort()
  const environment = { ...data.environment, DUOLOGUE_PORT: String(port) }
  const { code, out, err } = await duologue('doctor', { environment })
  expect(code).toBe(69)
  expect(out).toMatch(/^problem +models +tiny: model\.gguf is no GGUF file.*; short: its file is not the one/m)
  expect(out).toMatch(new RegExp(`^problem +address +127\\.0\\.0\\.1:${port} is in use`, 'm'))
  expect(err).toContain('not fit to serve: models, address')
})

test('doctor says so where the data folder cannot be one', async () => {
  const data = await dataFolderWith()
  const path = `${data.path}/file`
  await writeFile(path, '')
  const environment = { ...data.environment, DUOLOGUE_DATA: path }
  const { code, out } = await duologue('doctor', { environment })
  expect(code).toBe(69)
  expect(out).toMatch(/^problem +data folder +.* a file stands where a folder is needed/m)
})

/** Settles when the part of model `m` has so many bytes on the disk. */
async function untilPart(dataPath: string, bytes: number): Promise<void> {
  const part = join(dataPath, 'models', '.downloads', 'm.gguf.part')
  const size = async () => (await stat(part).catch(() => ({ size: 0 }))).size
  while ((await size()) < bytes) await new Promise(resolve => setTimeout(resolve, 20))
}

/** A port that somebody listens on until the test ends. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

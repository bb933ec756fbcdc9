import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/engine.ts'
import { ask } from '../support/http-client.ts'
import { anthropicKinds, openOpenAI } from '../support/sdk-clients.ts'
import { writeTinyModel } from '../support/tiny-model.ts'
import { linkEngine } from './data-folder.ts'
import { installTarball, installedProgram } from './installed-program.ts'
import { runProcess } from './processes.ts'
import { serve } from './served.ts'
import { bodyFor, isWhole, paths, protocols, stream } from './streamed-answer.ts'

const mostEngineBytes = 120e6

let tarball: string
let main: string
beforeAll(async () => {
  ;({ tarball, main } = await installedProgram())
})

test.each([[[]], [['--ignore-scripts']]])(
  'installed into an empty folder with npm %j, the command runs',
  async flags => {
    const folder = await emptyFolder()
    await installTarball(tarball, folder, flags)
    const command = join(folder, 'node_modules', '.bin', 'duologue')
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
    expect(await runProcess([command, '--version'])).toMatchObject({ code: 0, out: `${version}\n`, err: '' })
    expect(await runProcess([command, '--help'])).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage:/) })
  },
)

test('the installed program gets its engine by itself, of bounded size, and answers with it', async () => {
  const folder = await emptyFolder()
  const environment = { DUOLOGUE_DATA: folder, DUOLOGUE_ENGINE_BUILD: 'cpu' }
  const file = join(folder, 'tiny.gguf')
  await writeTinyModel(file)
  const duologue = async (...words: readonly string[]) =>
    runProcess([process.execPath, main, ...words], { environment })
  expect(await duologue('pull', file)).toMatchObject({ code: 0, out: expect.stringContaining('tiny is ready') })
  const first = await duologue('run', 'tiny', '--max-tokens', '4', 'Hello')
  expect(first).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^Installing the engine, once: .*\nLoading tiny: /),
  })
  expect(first.out.trim()).not.toBe('')
  expect((await duologue('run', 'tiny', '--max-tokens', '4', 'Hello')).err).toMatch(/^Loading tiny: /)
  const engineBytes = await bytesIn(join(folder, 'engine'))
  expect(engineBytes).toBeGreaterThan(10e6)
  expect(engineBytes).toBeLessThanOrEqual(mostEngineBytes)
})

test('the installed program pulls the starter model from a second source and serves it behind a key', async () => {
  const folder = await emptyFolder()
  // The first source refuses every connection, so what comes is pip's.
  const unreachable = { DUOLOGUE_DATA: folder, HF_ENDPOINT: 'http://127.0.0.1:1', HF_HOME: folder }
  const environment = { ...unreachable, DUOLOGUE_ENGINE_BUILD: 'cpu' }
  const pulled = await runProcess([process.execPath, main, 'pull', 'starter'], { environment })
  expect(pulled).toMatchObject({ code: 0, out: expect.stringMatching(/^starter is ready \(93\.8 MiB\)\n$/) })
  expect(pulled.err).toMatch(/127\.0\.0\.1:1 cannot be reached.*Trying the next source/)
  const { out } = await runProcess([process.execPath, main, 'list', '--json'], { environment })
  expect(JSON.parse(out)).toMatchObject([{ id: 'starter', source: expect.stringMatching(/^Python package/) }])

  await linkEngine(folder)
  const { port, url, process: server } = await serve(main, ['--model', 'starter', '--key', 'K'], { environment })
  const question = bodyFor({ model: 'starter', maxTokens: 16 })
  for (const protocol of protocols) {
    const post = { method: 'POST', path: paths[protocol], body: question }
    expect((await ask(port, post)).status).toBe(401)
    expect((await ask(port, { ...post, headers: { authorization: 'Bearer k' } })).status).toBe(401)
    const answered = await ask(port, { ...post, headers: { authorization: 'Bearer K' } })
    expect(answered.status).toBe(200)
    expect(answered.text).toMatch(/"(?:text|content)":"[^"]{5}/)
  }
  for (const { open } of anthropicKinds) {
    const messages = [{ role: 'user' as const, content: 'Why is the sky blue?' }]
    const { content } = await open(url, { key: 'K' }).messages.create({ model: 'starter', max_tokens: 16, messages })
    expect(content).toMatchObject([{ type: 'text', text: expect.stringMatching(/\w{3}/) }])
  }
  const { choices } = await openOpenAI(url, { key: 'K' }).chat.completions.create({
    model: 'starter',
    max_tokens: 16,
    messages: [{ role: 'user', content: 'Why is the sky blue?' }],
  })
  expect(choices[0]?.message.content).toMatch(/\w{3}/)

  const headers = { 'x-api-key': 'K' }
  const answer = await stream(port, 'anthropic', { model: 'starter', maxTokens: 60, text: 'What is gravity?', headers })
  server.signal('SIGTERM')
  await server.until(/Stopping/)
  expect(isWhole('anthropic', await answer.whole)).toBe(true)
  expect(await server.ended).toMatchObject({ code: 0 })
  expect(server.err).not.toContain('"K"')
})

async function emptyFolder(): Promise<string> {
  const { path, remove } = await temporaryFolder()
  onTestFinished(remove)
  return path
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const sizes = await Promise.all(files.map(async file => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

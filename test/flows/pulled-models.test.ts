import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/config.ts'
import { engineVersion, packagesFor } from '../../src/engine/engine-packages.ts'
import type { ModelChange } from '../../src/services/watch-models.ts'
import { until } from '../chaos/serve-engine.ts'
import { dataFolderWith } from '../program/data-folder.ts'
import { temporaryFolder } from '../support/engine.ts'
import { serveFile, startFakeHub } from '../support/fake-hub.ts'
import { encodeGguf } from '../support/gguf-writer.ts'
import { ask, frames, open, post } from '../support/http-client.ts'
import { scriptedNpm } from '../support/scripted-npm.ts'
import { tinyModel } from '../support/tiny-model.ts'

const run = promisify(execFile)
let content: Buffer

beforeAll(() => {
  content = Buffer.from(encodeGguf(tinyModel()))
})

/** The whole program over a data folder, with a hub that has any file, until the test ends. */
async function serveProgram(dataPath: string, variables: Readonly<Record<string, string>> = {}) {
  const hub = await startFakeHub((request, response) => serveFile(request, response, { content }))
  onTestFinished(() => hub[Symbol.asyncDispose]())
  const environment = {
    PATH: process.env['PATH'],
    DUOLOGUE_DATA: dataPath,
    DUOLOGUE_ENGINE_BUILD: 'cpu',
    HF_ENDPOINT: hub.origin,
    ...variables,
  }
  const log: Record<string, unknown>[] = []
  const app = createApp(loadConfig({ port: 0 }, environment), {
    environment,
    log: { write: line => log.push(JSON.parse(line)) },
    notify: () => {},
  })
  onTestFinished(() => app.close())
  return { port: Number(new URL(await app.listen()).port), hub, log }
}

async function followModels(port: number) {
  const { response, leave } = await open(port, { path: '/duologue/models/events' })
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  response.on('error', () => undefined)
  onTestFinished(leave)
  const heard = () => frames(text).map(({ data }) => data as ModelChange)
  return { statesOf: (model: string) => heard().flatMap(one => (one.model === model ? [one.state] : [])) }
}

const pull = (port: number, model: string) =>
  ask(port, {
    method: 'POST',
    path: '/duologue/models/pull',
    headers: { accept: 'text/event-stream' },
    body: { model },
  })

const hello = (model: string) => ({ model, max_tokens: 4, messages: [{ role: 'user', content: 'Hello' }] })

async function namesAt(port: number): Promise<readonly string[]> {
  const { json } = await ask(port, { path: '/v1/models' })
  return json.data.map(({ id }: { readonly id: string }) => id)
}

test('a model that comes while the server runs answers at once, whoever pulled it', async () => {
  const { path } = await dataFolderWith()
  const { port, hub, log } = await serveProgram(path)
  const watched = await followModels(port)
  expect(await namesAt(port)).toEqual([])
  expect(frames((await pull(port, 'hf:owner/repo/asked.gguf')).text).at(-1)?.data).toEqual({
    model: 'asked',
    state: 'downloaded',
  })
  expect(await namesAt(port)).toEqual(['asked'])
  expect(await post(port, '/v1/chat/completions', hello('asked'))).toMatchObject({ status: 200 })
  await until(() => watched.statesOf('asked').at(-1) === 'ready')

  const child = fileURLToPath(new URL('../support/pull-child.ts', import.meta.url))
  await run(process.execPath, [child, path, hub.origin, 'hf:owner/repo/beside.gguf'])
  expect(await namesAt(port)).toEqual(['asked', 'beside'])
  expect(await post(port, '/v1/chat/completions', hello('beside'))).toMatchObject({ status: 200 })
  await until(() => watched.statesOf('beside').includes('ready'))
  expect(log).toContainEqual(
    expect.objectContaining({ msg: 'a model was downloaded', model: 'asked', source: 'hf:owner/repo/asked.gguf' }),
  )
})

test('who waits for the engine to be installed is told so', async () => {
  const { path, remove } = await temporaryFolder()
  onTestFinished(remove)
  const platformPackages = packagesFor(process, 'cpu')
  const script = { does: 'install', version: engineVersion, platformPackages, afterMs: 1500 } as const
  const { port } = await serveProgram(path, await scriptedNpm(join(path, 'npm'), script))
  await pull(port, 'hf:owner/repo/first.gguf')
  const watched = await followModels(port)
  // What the scripted npm installs is no engine.
  expect((await post(port, '/v1/chat/completions', hello('first'))).status).toBe(503)
  await until(() => watched.statesOf('first').at(-1) === 'failed')
  expect(watched.statesOf('first')).toContain('installing')
})

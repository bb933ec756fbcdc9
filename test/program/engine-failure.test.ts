import { rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ask, post } from '../support/http-client.ts'
import { dataFolderWith, looseTinyModel } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess, untilGone } from './processes.ts'
import { serve } from './served.ts'
import { bodyFor, errorOf, isWhole, paths, protocols, stream } from './streamed-answer.ts'

/** More tokens than a tiny model writes while a test looks on. */
const endless = 120_000
const long = { contextLength: 131_072 }
const flags = ['--context', '131072', '--log-level', 'error']

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

test('when the engine is killed, streams end with an error of their protocol, and what no client saw is answered', async () => {
  const data = await dataFolderWith({ tiny: long })
  const { port, engineProcess } = await serve(main, ['--model', 'tiny', '--slots', '8', ...flags], data)
  const question = { maxTokens: endless }
  const whole = protocols.map(protocol => post(port, paths[protocol], bodyFor({ maxTokens: 400 })))
  const asked = protocols.flatMap(protocol => [protocol, protocol, protocol])
  const streams = await Promise.all(asked.map(async protocol => stream(port, protocol, question)))
  const engine = await engineProcess()

  process.kill(engine, 'SIGKILL')

  for (const [index, { whole }] of streams.entries()) {
    const { message } = errorOf(asked[index] ?? 'openai', await whole)
    expect(message).toMatch(/engine process ended before the answer did/)
  }
  for (const reply of await Promise.all(whole)) expect(reply.status).toBe(200)
  for (const protocol of protocols) {
    const { status } = await post(port, paths[protocol], bodyFor({ maxTokens: 4 }))
    expect(status).toBe(200)
  }
  expect(await engineProcess()).not.toBe(engine)
})

test('when the gateway is killed, the process of its model goes by itself', async () => {
  const data = await dataFolderWith({ tiny: long })
  const { port, process: gateway, engineProcess } = await serve(main, ['--model', 'tiny', ...flags], data)
  await stream(port, 'anthropic', { maxTokens: endless })
  const engine = await engineProcess()
  gateway.signal('SIGKILL')
  await gateway.ended
  await expect(untilGone(engine)).resolves.toBeUndefined()
})

test('a model file that is cut short under its process breaks its answers and nothing else', async () => {
  const data = await dataFolderWith({ tiny: long, other: {} })
  const { port, engineProcess } = await serve(main, ['--model', 'tiny', ...flags], data)
  const answer = await stream(port, 'anthropic', { maxTokens: endless })
  const engine = await engineProcess()
  await truncate(data.modelFile('tiny'))
  process.kill(engine, 'SIGKILL')
  expect(errorOf('anthropic', await answer.whole).type).toBe('api_error')
  const broken = await post(port, paths.openai, bodyFor({ maxTokens: 4 }))
  // The server may not have looked at the folder since: then the engine sees that the file is damaged.
  expect([404, 503]).toContain(broken.status)
  expect(broken.json.error.message).toMatch(/["']tiny["'].* (does not exist|cannot be loaded)/)
  expect(broken.text).not.toContain(data.path)
  expect((await post(port, paths.openai, bodyFor({ model: 'other', maxTokens: 4 }))).status).toBe(200)
})

test.each([
  ['is deleted', 404, async (path: string) => rm(path)],
  ['is cut short', 503, async (path: string) => truncate(path, 1000)],
  ['is no model any more', 503, async (path: string) => writeFile(path, Buffer.alloc((await stat(path)).size))],
])('a model whose file %s is told with %d and its name, and others are served', async (_, expected, spoil) => {
  const data = await dataFolderWith({ tiny: {}, other: {} })
  // The folder of models is old enough for its list to be kept in memory.
  await utimes(join(data.path, 'models'), 0, 0)
  const { port } = await serve(main, ['--log-level', 'error'], data)
  expect((await ask(port, { path: '/v1/models' })).json.data).toHaveLength(2)
  await spoil(data.modelFile('tiny'))
  const { status, json, text } = await post(port, paths.anthropic, bodyFor({ maxTokens: 4 }))
  expect(status).toBe(expected)
  expect(json.error.message).toMatch(/^model 'tiny' cannot be loaded: /)
  expect(text).not.toContain(data.path)
  expect((await post(port, paths.openai, bodyFor({ model: 'other', maxTokens: 4 }))).status).toBe(200)
})

test('a model that is pulled while the server runs can be asked at once', async () => {
  const data = await dataFolderWith()
  const { port } = await serve(main, ['--log-level', 'error'], data)
  expect((await post(port, paths.openai, bodyFor({ maxTokens: 4 }))).status).toBe(404)
  const file = await looseTinyModel(data, 'tiny')
  const pulled = await runProcess([process.execPath, main, 'pull', file], data)
  expect(pulled).toMatchObject({ code: 0, out: expect.stringContaining('tiny is ready') })
  expect((await ask(port, { path: '/v1/models' })).json.data).toMatchObject([{ id: 'tiny' }])
  expect((await post(port, paths.openai, bodyFor({ maxTokens: 4 }))).status).toBe(200)
})

test('a model that keeps killing its process is left alone for a while, and the others are not', async () => {
  const data = await dataFolderWith({ tiny: long, other: {} })
  const { port, engineProcess } = await serve(main, ['--model', 'tiny', ...flags], data)
  for (let kill = 0; kill < 3; kill += 1) {
    // The same request would be refused for its own sake.
    const answer = await stream(port, 'openai', { maxTokens: endless, text: `Question ${kill}` })
    process.kill(await engineProcess(), 'SIGKILL')
    expect(isWhole('openai', await answer.whole)).toBe(false)
  }
  const refused = await post(port, paths.openai, bodyFor({ maxTokens: 4 }))
  expect(refused.status).toBe(503)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await post(port, paths.openai, bodyFor({ model: 'other', maxTokens: 4 }))).status).toBe(200)
})

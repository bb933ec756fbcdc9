import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createModelWatch } from '../../src/services/watch-models.ts'
import type { ModelChange } from '../../src/services/watch-models.ts'
import { until } from '../chaos/serve-engine.ts'
import { openEngine } from '../support/engine.ts'
import { ask, frames, open } from '../support/http-client.ts'
import { start } from '../support/start-server.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'

const files = useTinyModel()
const path = '/duologue/models/events'

/** A server whose models are those of a real engine. */
async function serveWatched(names: Readonly<Record<string, string>>) {
  const here = { ...names }
  const watch = createModelWatch({
    installed: async () => Object.keys(here),
    loaded: () => opened.engine.status(),
  })
  const opened = openEngine(here, { onNews: watch.note })
  onTestFinished(() => opened.engine.close())
  return { ...opened, here, ...(await start({ followModels: watch.follow })) }
}

/** Follows the models of a server; gives what it heard so far. */
async function follow(port: number, headers = {}) {
  const { response, leave } = await open(port, { path, headers })
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  response.on('error', () => undefined)
  onTestFinished(leave)
  const heard = (): readonly ModelChange[] => frames(text).map(({ data }) => data as ModelChange)
  const statesOf = (model: string): readonly string[] =>
    heard().flatMap(one => (one.model === model ? [one.state] : []))
  return { response, leave, heard, statesOf, text: () => text }
}

test('who follows the models hears what each is doing, and then what changes', async () => {
  const { port, engine, here, processOf } = await serveWatched({ one: files.tiny, two: files.tiny })
  const early = await follow(port)
  await until(() => early.heard().length === 2)
  expect(early.heard()).toEqual([
    { model: 'one', state: 'unloaded' },
    { model: 'two', state: 'unloaded' },
  ])
  await engine.load('one')
  await until(() => early.statesOf('one').at(-1) === 'ready')
  expect(early.statesOf('one')).toContain('loading')
  const progress = early.heard().flatMap(one => (one.state === 'loading' ? [one.progress] : []))
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))

  const late = await follow(port)
  await until(() => late.heard().length === 2)
  expect(late.heard()).toEqual([
    { model: 'one', state: 'ready' },
    { model: 'two', state: 'unloaded' },
  ])
  delete here['two']
  process.kill(processOf('one'), 'SIGKILL')
  await until(() => late.statesOf('one').length > 2 && late.statesOf('one').at(-1) === 'ready')
  await until(() => late.statesOf('two').at(-1) === 'gone')
})

test('why a model cannot be loaded is told to those who follow, and to those who come later', async () => {
  const broken = join(files.folder, 'broken.gguf')
  await writeFile(broken, 'GGUF')
  const { port, engine } = await serveWatched({ broken })
  const early = await follow(port)
  await expect(engine.load('broken')).rejects.toThrow(/cannot be loaded/)
  await until(() => early.statesOf('broken').at(-1) === 'failed')
  const late = await follow(port)
  await until(() => late.heard().length === 1)
  expect(late.heard()).toEqual([
    { model: 'broken', state: 'failed', reason: expect.stringMatching(/model 'broken' cannot be loaded/) },
  ])
})

test('a key is needed where the server has keys', async () => {
  const { port } = await start({ keys: ['key-of-ada'] })
  expect((await ask(port, { path })).status).toBe(401)
  const { response } = await follow(port, { authorization: 'Bearer key-of-ada' })
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
})

test('silence is filled, and the stream ends as soon as the server stops', async () => {
  const { port, server } = await start({ limits: { silenceMs: 20 } })
  const { response, text } = await follow(port)
  await until(() => text().includes(': keep-alive'))
  const ended = once(response, 'end')
  // The grace is for answers: it would be longer than this test may take.
  await server.close({ graceMs: 60_000 })
  expect(await ended).toEqual([])
})

test('no more follow than the server has room for, and who leaves makes room', async () => {
  const { port } = await start()
  const all = await Promise.all(Array.from({ length: 128 }, () => follow(port)))
  expect((await ask(port, { path })).status).toBe(429)
  all[0]?.leave()
  await until(() => all[0]?.response.destroyed === true)
  let status = 0
  while (status !== 200) status = (await follow(port)).response.statusCode ?? 0
})

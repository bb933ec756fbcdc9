import { mkdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { engineVersion, packagesFor } from '../../src/engine/engine-packages.ts'
import { takeFolderLock } from '../../src/engine/folder-lock.ts'
import { ask } from '../support/http-client.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { startProcess, untilGone } from './processes.ts'
import { serve } from './served.ts'
import { errorOf, isWhole, protocols, stream } from './streamed-answer.ts'

const endless = 120_000
const flags = ['--model', 'tiny', '--context', '131072', '--log-level', 'error']

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

test.each(['SIGTERM', 'SIGINT'] as const)('on %s answers under way are finished, then it ends with 0', async signal => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const { port, process: server, engineProcess } = await serve(main, flags, data)
  const streams = await Promise.all(protocols.map(async protocol => stream(port, protocol, { maxTokens: 600 })))
  const engine = await engineProcess()
  server.signal(signal)
  await server.until(/Stopping/)
  expect(streams.map(({ isOver }) => isOver)).toEqual([false, false])
  for (const [index, { whole }] of streams.entries()) {
    expect(isWhole(protocols[index] ?? 'openai', await whole)).toBe(true)
  }
  expect(await server.ended).toMatchObject({ code: 0 })
  await untilGone(engine)
  await expect(ask(port, { path: '/health' })).rejects.toThrow('ECONNREFUSED')
})

test('a server whose output nobody reads any more goes on, and ends as every other', async () => {
  const { port, process: server } = await serve(main, [], await dataFolderWith())
  server.closeOutput()
  for (let count = 0; count < 3; count += 1)
    expect(await ask(port, { path: '/v1/models' })).toMatchObject({ status: 200 })
  server.signal('SIGTERM')
  expect(await server.ended).toMatchObject({ code: 0 })
})

test('answers that do not end within the grace are told that the server goes', async () => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const { port, process: server, engineProcess } = await serve(main, flags, data)
  const streams = await Promise.all(protocols.map(async protocol => stream(port, protocol, { maxTokens: endless })))
  const engine = await engineProcess()
  server.signal('SIGTERM')
  for (const [index, { whole }] of streams.entries()) {
    expect(errorOf(protocols[index] ?? 'openai', await whole).message).toMatch(/shutting down/)
  }
  expect(await server.ended).toMatchObject({ code: 0 })
  await untilGone(engine)
})

test.each([
  ['serve', ['--port', '0', '--model', 'tiny']],
  ['run', ['tiny', 'Hello']],
  ['doctor', []],
])('%s that waits for its engine ends at once when it is told to', async (command, words) => {
  const data = await dataFolderWith({ tiny: {} })
  const engines = join(data.path, 'engine')
  await unlink(engines)
  await mkdir(engines)
  // This process has the right to install the engine, and makes no use of it.
  const [platform] = packagesFor(process, 'cpu')
  const lock = join(engines, `node-llama-cpp-${engineVersion}-${platform}.lock`)
  const release = await takeFolderLock({ path: lock, isDone: async () => false })
  onTestFinished(async () => release?.())
  const waiting = startProcess([process.execPath, main, command, ...words], data)
  await waiting.until(/Waiting for the engine/)
  waiting.signal('SIGTERM')
  expect(await waiting.ended).toMatchObject({ code: 130, out: '' })
})

test('a second Ctrl-C ends it at once, and its engine too', async () => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const { port, process: server, engineProcess } = await serve(main, flags, data)
  const answer = await stream(port, 'openai', { maxTokens: endless })
  const engine = await engineProcess()
  server.signal('SIGINT')
  await server.until(/Stopping/)
  await answer.more()
  server.signal('SIGINT')
  expect(await server.ended).toMatchObject({ code: 130 })
  expect(isWhole('openai', await answer.whole)).toBe(false)
  await untilGone(engine)
})

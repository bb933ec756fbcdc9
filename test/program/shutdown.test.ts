import { beforeAll, expect, test } from 'vitest'
import { ask } from '../support/http-client.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { untilGone } from './processes.ts'
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

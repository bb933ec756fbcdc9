import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startFakeHub } from '../support/fake-hub.ts'
import { encodeGguf } from '../support/gguf-writer.ts'
import { connectRaw, post } from '../support/http-client.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess, startProcess } from './processes.ts'
import { listening } from './served.ts'
import { bodyFor, isWhole, paths, stream } from './streamed-answer.ts'

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

/** The words of a command that a shell runs with one of its limits lowered. */
function limited(limit: string, ...words: readonly string[]): readonly [string, ...string[]] {
  return ['sh', '-c', `ulimit ${limit} && exec "$@"`, 'sh', process.execPath, main, ...words]
}

test('a disk that takes no more ends a pull with 69, and the next pull on a better one succeeds', async () => {
  const content = Buffer.from(encodeGguf(tinyModel()))
  // Without a length the room on the disk cannot be checked beforehand.
  const hub = await startFakeHub((_request, response) => void response.end(content))
  onTestFinished(async () => hub[Symbol.asyncDispose]())
  const data = await dataFolderWith()
  const options = { environment: { ...data.environment, HF_ENDPOINT: hub.origin } }
  // Blocks of 512 bytes: the file may grow to 128 KiB of its 534.
  const full = await runProcess(limited('-f 256', 'pull', 'hf:owner/repo/m.gguf'), options)
  expect(full).toMatchObject({ code: 69, out: '' })
  expect(full.err).toMatch(/cannot be written: files may not grow so large there/)
  expect(existsSync(data.modelFile('m'))).toBe(false)
  const words = [process.execPath, main, 'pull', 'hf:owner/repo/m.gguf'] as const
  expect(await runProcess(words, options)).toMatchObject({ code: 0 })
  expect(await readdir(join(data.path, 'models', '.downloads'))).toEqual([])
})

test('a server that may open no more files keeps its streams, and serves again when some are closed', async () => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const flags = ['serve', '--port', '0', '--model', 'tiny', '--context', '131072', '--log-level', 'error']
  const server = await listening(startProcess(limited('-n 64', ...flags), data))
  const answer = await stream(server.port, 'openai', { maxTokens: 1500 })
  const crowd = await Promise.all(Array.from({ length: 100 }, async () => connectRaw(server.port)))
  // Those for whom there was no file are let go at once, so that they need not wait.
  await Promise.race(crowd.map(async ({ closed }) => closed))
  await answer.more()
  for (const { socket } of crowd) socket.destroy()
  await Promise.all(crowd.map(async ({ closed }) => closed))
  expect(isWhole('openai', await answer.whole)).toBe(true)
  expect((await post(server.port, paths.anthropic, bodyFor({ maxTokens: 4 }))).status).toBe(200)
})

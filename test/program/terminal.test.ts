import { stripVTControlCharacters } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { serveFile, startFakeHub } from '../support/fake-hub.ts'
import { encodeGguf } from '../support/gguf-writer.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'

import type { RunningProcess } from './processes.ts'
import { listening } from './served.ts'
import { isWhole, stream } from './streamed-answer.ts'
import { keys, startOnTerminal } from './terminal.ts'

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

/** What Node writes before it waits for a line. */
const prompt = '\u001B[1G\u001B[0J> \u001B[3G'
const promptSeen = new RegExp(prompt.replaceAll(/[[\]]/g, String.raw`\$&`))

/** Types a line in a chat, and gives what stands on the screen before the next prompt. */
async function say(chat: RunningProcess, line: string): Promise<string> {
  const from = chat.out.length
  chat.write(`${line}${keys.enter}`)
  await chat.until(promptSeen, from)
  return stripVTControlCharacters(chat.out.slice(from).split(prompt)[0] ?? '')
    .replace(line, '')
    .trim()
}

test('a chat remembers its turns, forgets them on /clear and ends on /exit', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const words = [process.execPath, main, 'run', 'tiny', '--temperature', '0', '--max-tokens', '60'] as const
  const chat = startOnTerminal(words, data)
  await chat.until(promptSeen)
  const first = await say(chat, 'Hello')
  expect(first.length).toBeGreaterThan(20)
  const second = await say(chat, 'Hello')
  expect(second).not.toBe(first)
  await say(chat, '/clear')
  expect(await say(chat, 'Hello')).toBe(first)
  expect(await say(chat, 'Hello')).toBe(second)
  chat.write(`/exit${keys.enter}`)
  expect(await chat.ended).toMatchObject({ code: 0 })
})

test('Ctrl-C stops an answer and not the chat, which is then as it was before the question', async () => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const environment = { ...data.environment, DUOLOGUE_CONTEXT: '131072' }
  const words = [process.execPath, main, 'run', 'tiny', '--temperature', '0'] as const
  const chat = startOnTerminal(words, { environment })
  await chat.until(promptSeen)
  const interrupted = async () => {
    const from = chat.out.length
    chat.write(`Hello${keys.enter}`)
    await chat.until(/Hello\s+[^]{200}/, from)
    chat.write(keys.interrupt)
    await chat.until(promptSeen, from)
    return stripVTControlCharacters(chat.out.slice(from))
  }
  const first = await interrupted()
  expect(first).toMatch(/\(stopped\)/)
  // The question and the stopped answer are forgotten: the same question meets the same conversation.
  expect((await interrupted()).slice(0, 150)).toBe(first.slice(0, 150))
  chat.write(keys.endOfInput)
  expect(await chat.ended).toMatchObject({ code: 0 })
})

test('Ctrl-C at an empty prompt ends the chat', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const chat = startOnTerminal([process.execPath, main, 'run', 'tiny'], data)
  await chat.until(promptSeen)
  chat.write(keys.interrupt)
  expect(await chat.ended).toMatchObject({ code: 0 })
})

test('Ctrl-C during a single answer ends the program with 130', async () => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const environment = { ...data.environment, DUOLOGUE_CONTEXT: '131072' }
  const run = startOnTerminal([process.execPath, main, 'run', 'tiny', 'Hello'], { environment })
  await run.until(/Loading tiny[^\n]*\n[^]{200}/)
  run.write(keys.interrupt)
  const { code, out } = await run.ended
  expect(code).toBe(130)
  expect(out).not.toContain('engine process ended')
})

test('Ctrl-C in the terminal of a server lets its answers end, though it reaches every process there', async () => {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  const words = [process.execPath, main, 'serve', '--port', '0', '--model', 'tiny', '--context', '131072'] as const
  const server = await listening(startOnTerminal(words, data))
  const answer = await stream(server.port, 'anthropic', { maxTokens: 600 })
  server.process.write(keys.interrupt)
  await server.process.until(/Stopping/)
  expect(answer.isOver).toBe(false)
  expect(isWhole('anthropic', await answer.whole)).toBe(true)
  expect(await server.process.ended).toMatchObject({ code: 0 })
})

test('a terminal shows a bar while a model comes, and no trace of it afterwards', async () => {
  const content = Buffer.from(encodeGguf(tinyModel()))
  const hub = await startFakeHub((request, response) => serveFile(request, response, { content }))
  onTestFinished(async () => hub[Symbol.asyncDispose]())
  const data = await dataFolderWith()
  const environment = { ...data.environment, HF_ENDPOINT: hub.origin }
  const pull = startOnTerminal([process.execPath, main, 'pull', 'hf:owner/repo/m.gguf'], { environment })
  const { code, out } = await pull.ended
  expect(code).toBe(0)
  const drawn = out.split('\r\u001B[2K')
  expect(drawn).toContainEqual(expect.stringMatching(/^Downloading {2}\[[#-]{24}\] +\d+% /))
  expect(drawn.at(-1)).toBe('\u001B[32mm\u001B[39m is ready (534.4 KiB)\r\n')
})

test('NO_COLOR takes the colours away', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const words = [process.execPath, main, 'doctor'] as const
  const coloured = await startOnTerminal(words, data).ended
  expect(coloured.out).toContain('\u001B[32mok')
  const environment = { ...data.environment, NO_COLOR: '1' }
  expect((await startOnTerminal(words, { environment }).ended).out).toMatch(/^ok /)
})

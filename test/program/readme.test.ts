import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { removeFolder } from '../support/engine.ts'
import { cacheFolder } from '../support/engine-package.ts'
import { testDataFolder } from '../support/starter-model.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess, startProcess } from './processes.ts'
import { serve } from './served.ts'

const documentedUrl = 'http://127.0.0.1:7272'
const environment = { DUOLOGUE_DATA: testDataFolder, DUOLOGUE_ENGINE_BUILD: 'cpu' }
const readme = await readFile('README.md', 'utf8')

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

async function serveStarter(): Promise<string> {
  const { url } = await serve(main, ['--model', 'starter', '--log-level', 'error'], { environment })
  return url
}

test('the curl command of the README gets an answer', async () => {
  const [, command = ''] = /```sh\n(curl .*?)```/s.exec(readme) ?? []
  expect(command).toContain(documentedUrl)
  const url = await serveStarter()
  const { code, out } = await runProcess(['sh', '-c', command.replaceAll(documentedUrl, url)])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    type: 'message',
    content: [{ type: 'text', text: expect.stringMatching(/\w{3}/) }],
  })
})

test.each(await readdir('examples'))('examples/%s prints an answer', async name => {
  const source = await readFile(join('examples', name), 'utf8')
  expect(source).toContain(documentedUrl)
  const url = await serveStarter()
  // Beside the packages that it imports, and with the address of this server.
  const folder = await mkdtemp(join(cacheFolder, 'example-'))
  onTestFinished(async () => removeFolder(folder))
  const file = join(folder, name)
  await writeFile(file, source.replaceAll(documentedUrl, url))
  const { code, out, err } = await runProcess([process.execPath, file])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/\w{3}/)
})

test('the examples that a server prints can be copied: its curl command gets an answer', async () => {
  const flags = ['--port', '0', '--model', 'starter', '--examples', '--key', 'secret']
  const server = startProcess([process.execPath, main, 'serve', ...flags], { environment })
  const [, command = ''] = await server.until(/curl:\n {2}(curl .*?)\n\n/s)
  expect(server.out).not.toContain('secret')
  expect(server.out.match(/apiKey: 'YOUR_KEY'/g)).toHaveLength(3)
  const mine = command.replace('YOUR_KEY', 'secret').replace(/"max_tokens":\d+/, '"max_tokens":16')
  const { code, out } = await runProcess(['sh', '-c', mine])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ type: 'message', content: [{ type: 'text' }] })
})

test('the demonstration prints an answer of each API and ends with 0', async () => {
  const { code, out } = await runProcess([process.execPath, 'scripts/start.ts', '--demo'], { environment })
  expect(code).toBe(0)
  expect(out).toMatch(
    /Anthropic SDK, Messages: [^]*\w{3}[^]*\d out\)[^]*SDK, Chat Completions: [^]*\w{3}[^]*\d out\)[^]*SDK, Responses: [^]*\w{3}[^]*\d out\)/,
  )
})

test('the demonstration says why it fails, and ends with another code than 0', async () => {
  const failing = { ...environment, DUOLOGUE_KEYS: 'K' }
  const { code, err } = await runProcess([process.execPath, 'scripts/start.ts', '--demo'], { environment: failing })
  expect(code).toBe(1)
  expect(err).toMatch(/The demonstration failed: .*401/)
})

import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { post } from '../support/http-client.ts'
import { startKeychain } from '../support/keychain.ts'
import type { TestKeychain } from '../support/keychain.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess } from './processes.ts'
import type { Ended, StartOptions } from './processes.ts'
import { serve } from './served.ts'
import { bodyFor, paths } from './streamed-answer.ts'

let main: string
let keychain: TestKeychain
beforeAll(async () => {
  ;({ main } = await installedProgram())
  keychain = await startKeychain()
})
afterAll(() => keychain.stop())

async function duologue(line: string, options: StartOptions): Promise<Ended> {
  return runProcess([process.execPath, main, ...line.split(' ')], options)
}

test('the master key is moved from its file to the keychain, changed there, and moved back, and is never told', async () => {
  const data = await dataFolderWith()
  const inFile = { environment: { ...data.environment, ...keychain.environment } }
  const inChain = { environment: { ...inFile.environment, DUOLOGUE_MASTER_KEY: 'keychain' } }
  const said: Ended[] = []
  const say = async (line: string, options: StartOptions) => {
    const ended = await duologue(line, options)
    said.push(ended)
    return ended
  }
  await say('providers add openai --key-file -', { ...inFile, input: 'sk-canary' })
  const keys = [(await readFile(join(data.path, 'master.key'), 'utf8')).trim()]
  expect(await say('providers list', inChain)).toMatchObject({
    code: 78,
    err: expect.stringContaining('run: duologue providers move-key'),
  })
  expect(await say('providers move-key', inChain)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^The master key \w{12} is in the keychain\n$/),
  })
  expect(await readdir(data.path)).not.toContain('master.key')
  const config = join(data.path, 'duologue.yaml')
  await writeFile(config, 'master-key: keychain\n', { mode: 0o600 })
  const byFile = { environment: { ...inFile.environment, DUOLOGUE_CONFIG_FILE: config } }
  expect((await say('providers list --json', byFile)).out).toContain('"hasKey": true')
  const rotated = JSON.parse((await say('providers rotate-key --json', byFile)).out) as { readonly keyId: string }
  keys.push((await keychain.find(rotated.keyId)) ?? '')
  expect(JSON.parse((await say('providers move-key --json', inFile)).out)).toEqual({
    keyId: rotated.keyId,
    place: join(data.path, 'master.key'),
  })
  expect(await keychain.find(rotated.keyId)).toBeUndefined()
  expect((await say('providers list --json', inFile)).out).toContain('"hasKey": true')
  const told = said.map(({ out, err }) => out + err).join('\n')
  for (const key of keys) {
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(told).not.toContain(key)
  }
  expect(told).not.toContain('sk-canary')
})

test('where no keychain is, commands and the server end with 69 and say what to do', async () => {
  const data = await dataFolderWith()
  const environment = { ...data.environment, ...keychain.environment, DUOLOGUE_MASTER_KEY: 'keychain' }
  const add = 'providers add openai --key-file -'
  const lost = { ...environment, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' }
  const refused = await duologue(add, { environment: lost, input: 'sk-canary' })
  expect(refused).toMatchObject({
    code: 69,
    out: '',
    err: expect.stringContaining('no Secret Service answers on D-Bus'),
  })
  expect(await duologue(add, { environment, input: 'sk-canary' })).toMatchObject({ code: 0 })
  expect(await duologue('serve --port 0', { environment: lost })).toMatchObject({ code: 69, out: '' })
})

test('neither the log nor a model’s process is given the master key', async () => {
  const data = await dataFolderWith({ tiny: {} })
  const given = 'c4'.repeat(32)
  const environment = { ...data.environment, DUOLOGUE_MASTER_KEY: given }
  await duologue('providers add openai --key-file -', { environment, input: 'sk-canary' })
  const flags = ['--model', 'tiny', '--log-level', 'debug']
  const { port, process: server, engineProcess } = await serve(main, flags, { environment })
  expect((await post(port, paths.openai, bodyFor({ maxTokens: 4 }))).status).toBe(200)
  const variables = await readFile(`/proc/${await engineProcess()}/environ`, 'utf8')
  expect(variables).not.toMatch(/MASTER_KEY|c4c4|sk-canary/)
  server.signal('SIGTERM')
  const { out, err } = await server.ended
  expect(out + err).not.toMatch(/c4c4|sk-canary/)
})

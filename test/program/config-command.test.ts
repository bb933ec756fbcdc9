import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { ask } from '../support/http-client.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess } from './processes.ts'
import type { Ended, StartOptions } from './processes.ts'
import { serve } from './served.ts'

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

async function duologue(line: string, options: StartOptions = {}): Promise<Ended> {
  return runProcess([process.execPath, main, ...line.split(' ')], options)
}

async function folder(): Promise<string> {
  const found = await mkdtemp(path.join(tmpdir(), 'duologue-config-'))
  onTestFinished(async () => rm(found, { recursive: true, force: true }))
  return found
}

async function configFile(text: string): Promise<string> {
  const file = path.join(await folder(), 'duologue.yaml')
  await writeFile(file, text, { mode: 0o600 })
  return file
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

/** A program that stands for an editor: it writes a text into the file that it is given. */
async function editor(text: string): Promise<string> {
  const file = path.join(await folder(), 'editor.mjs')
  await writeFile(
    file,
    `import { appendFileSync } from 'node:fs'\nappendFileSync(process.argv[2], ${JSON.stringify(text)})\n`,
  )
  return `${process.execPath} ${file}`
}

test.each(['', 'path', 'validate', 'show', 'edit'])('duologue config %s --help is as agreed', async verb => {
  const { code, out, err } = await duologue(`config ${verb} --help`.replace('  ', ' '))
  expect({ code, err }).toEqual({ code: 0, err: '' })
  await expect(out).toMatchFileSnapshot(`help/config${verb === '' ? '' : `-${verb}`}.txt`)
})

test('config path tells where the file is, or would be', async () => {
  const home = await folder()
  const expected = path.join(home, 'duologue', 'duologue.yaml')
  const environment = { XDG_CONFIG_HOME: home, APPDATA: home }
  expect(await duologue('config path', { environment })).toMatchObject({
    code: 0,
    out: `${expected}\n`,
    err: expect.stringContaining('no such file yet'),
  })
  const file = await configFile('')
  expect(JSON.parse((await duologue(`config path --json --config ${file}`)).out)).toEqual({ path: file, exists: true })
})

test('config validate tells all faults and ends with 78', async () => {
  const file = await configFile('prot: 1\nslots: 0\n')
  const { code, out, err } = await duologue(`config validate ${file}`)
  expect({ code, out }).toEqual({ code: 78, out: '' })
  expect(err).toContain(`${file}:1:1: "prot" is not known; did you mean "port"?`)
  expect(err).toContain(`${file}:2:8: slots 0 is not usable`)
  const json = await duologue(`config validate ${file} --json`)
  expect(json.code).toBe(78)
  expect(JSON.parse(json.out)).toMatchObject({ path: file, faults: [{ place: { line: 1 } }, { place: { line: 2 } }] })
})

test('config validate tells of rules that are well written and could not be followed', async () => {
  const file = await configFile('routes: [{name: r, match: {model: "/x{1001}/"}, targets: [local]}]\n')
  const { code, err } = await duologue(`config validate ${file}`)
  expect(code).toBe(78)
  expect(err).toContain(`${file}:1:35: routes[0].match.model "/x{1001}/" is no regular expression that can be used`)
})

test('config validate finds providers that a server could not ask', async () => {
  const wrong = [
    'a: {kind: opennai}',
    'b: {kind: openai-compatible}',
    'c: {kind: openai, protocol: anthropic-messages}',
  ]
  const file = await configFile(`providers:\n${wrong.map(line => `  ${line}\n`).join('')}`)
  const { code, out, err } = await duologue(`config validate ${file}`)
  expect({ code, out }).toEqual({ code: 78, out: '' })
  expect(err).toContain('the configuration has 3 faults')
  expect(err).toContain('provider a: there is no kind of provider called "opennai"; did you mean openai?')
  expect(err).toContain('provider b: a provider of the kind openai-compatible needs a url')
  expect(err).toContain('provider c: openai does not speak anthropic-messages')
})

test('config validate warns of secrets in plain text, and ends with 0', async () => {
  const file = await configFile('keys: [canary]\n')
  const { code, out, err } = await duologue('config validate', { environment: { DUOLOGUE_CONFIG_FILE: file } })
  expect({ code, out }).toEqual({ code: 0, out: `${file} can be used\n` })
  expect(err).toMatch(/^Warning: \S+:1:8: keys\[0\] stands here in plain text/)
  expect(err).not.toContain('canary')
})

test('config show tells every value with its source, and no secret', async () => {
  const file = await configFile(
    'port: 7000\nkeys: [canary]\nhf-token: canary\nmaster-key: keychain\nproviders: {a: {key: canary, command: {program: p, environment: {A: canary}}}}\n',
  )
  const environment = { DUOLOGUE_CONFIG_FILE: file, DUOLOGUE_SLOTS: '3' }
  const shown = await duologue('config show', { environment })
  const json = await duologue('config show --json', { environment })
  expect([shown.code, json.code]).toEqual([0, 0])
  expect(shown.out).toMatch(new RegExp(`^port +7000 +${file}:1$`, 'm'))
  expect(shown.out).toMatch(/^slots +3 +DUOLOGUE_SLOTS$/m)
  expect(shown.out).toMatch(/^keep-alive +300s +default$/m)
  expect(JSON.parse(json.out)).toMatchObject({
    file,
    settings: {
      port: { value: 7000, source: `${file}:1` },
      'master-key': { value: 'keychain' },
      keys: { value: ['[secret]'] },
    },
    providers: [{ id: 'a', key: '[secret]' }],
    keys: [{ name: 'key-1', key: '[secret]' }],
  })
  expect(shown.out + json.out).not.toContain('canary')
})

test('config edit makes a file that only its owner reads, and checks what was written', async () => {
  const home = await folder()
  const file = path.join(home, 'duologue', 'duologue.yaml')
  const around = { XDG_CONFIG_HOME: home, APPDATA: home }
  const good = await duologue('config edit', { environment: { ...around, EDITOR: await editor('port: 7000\n') } })
  expect(good).toMatchObject({ code: 0, out: `${file} can be used\n` })
  expect((await stat(file)).mode & 0o077).toBe(0)
  expect(await readFile(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=(\S+)\n[^]*port: 7000\n$/)
  const schema = /\$schema=(\S+)/.exec(await readFile(file, 'utf8'))?.[1] ?? ''
  expect(JSON.parse(await readFile(schema, 'utf8'))).toMatchObject({ title: 'Configuration of Duologue' })
  const bad = await duologue('config edit', { environment: { ...around, VISUAL: await editor('slots: 0\n') } })
  expect(bad).toMatchObject({ code: 78, err: expect.stringMatching(/slots 0 is not usable/) })
})

test('config edit without an editor says what to set', async () => {
  const environment = { EDITOR: '', VISUAL: '', XDG_CONFIG_HOME: await folder() }
  expect(await duologue('config edit', { environment })).toMatchObject({
    code: 78,
    err: expect.stringMatching(/VISUAL or EDITOR/),
  })
})

test('what the file sets up is listed beside what commands set up, and is not theirs to change', async () => {
  const file = await configFile('providers: {box: {kind: ollama}}\nroutes: [{name: mine, targets: [local]}]\n')
  const data = await dataFolderWith()
  const environment = { ...data.environment, DUOLOGUE_CONFIG_FILE: file }
  expect(await duologue('providers list', { environment })).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^box /m),
  })
  expect(await duologue('routes list', { environment })).toMatchObject({ code: 0, out: expect.stringMatching(/mine/) })
})

test('every command reads the file, and a bad one ends it with 78', async () => {
  const file = await configFile('log-level: loud\n')
  const data = await dataFolderWith()
  const environment = { ...data.environment, DUOLOGUE_CONFIG_FILE: file }
  for (const line of ['serve --port 0', 'list', 'doctor']) {
    const { code, err } = await duologue(line, { environment })
    expect(code).toBe(78)
    expect(err).toContain(`${file}:1:12: log-level "loud" is not usable`)
  }
})

test('a running server follows its file, keeps the last good one, and never fails a request', async () => {
  const file = await configFile('keys: [K]\nlog-level: info\n')
  const data = await dataFolderWith()
  const { port, process: server } = await serve(main, ['--config', file], data)
  const status = async (headers = {}): Promise<number> => (await ask(port, { path: '/v1/models', headers })).status
  expect([await status(), await status({ 'x-api-key': 'K' })]).toEqual([401, 200])
  await replace(file, 'keys: [K]\nlog-level: loud\n')
  await server.until(/"reason":"[^\n]*:2:12: log-level[^\n]*the configuration stays as it was/)
  expect(await status({ 'x-api-key': 'K' })).toBe(200)
  await replace(file, 'keys: [K]\nlog-level: info\nqueue: 7\nhost: ::1\n')
  await server.until(/"needRestart":\["host","queue"\][^\n]*these changes wait for a restart/)
  await chmod(file, 0o600)
  await replace(file, 'keys: [K]\nlog-level: info\nqueue: zero\n')
  const told = server.out.length + server.err.length
  server.signal('SIGHUP')
  await server.until(/:3:8: queue \\"zero\\" is not usable/, told)
  expect([await status(), await status({ 'x-api-key': 'K' })]).toEqual([401, 200])
  server.signal('SIGTERM')
  expect(await server.ended).toMatchObject({ code: 0 })
  expect(server.err + server.out).not.toContain('"K"')
})

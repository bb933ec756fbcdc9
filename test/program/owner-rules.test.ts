import { once } from 'node:events'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess } from './processes.ts'
import type { Ended, StartOptions } from './processes.ts'
import { keys, startOnTerminal } from './terminal.ts'

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

async function duologue(line: string, options: StartOptions = {}): Promise<Ended> {
  return runProcess([process.execPath, main, ...line.split(' ')], options)
}

test('a provider is set up with its key from a file, a variable or a pipe, listed without it, and removed', async () => {
  const data = await dataFolderWith()
  const file = join(data.path, 'key.txt')
  await writeFile(file, 'canary-file\n')
  expect(await duologue(`providers add anthropic --key-file ${file}`, data)).toMatchObject({
    code: 0,
    out: 'anthropic is set up, with its key\n',
  })
  const environment = { ...data.environment, MY_KEY: 'canary-variable' }
  expect(await duologue('providers add openai --key-variable MY_KEY', { environment })).toMatchObject({ code: 0 })
  expect(await duologue('providers add groq --key-file -', { ...data, input: 'canary-pipe\n' })).toMatchObject({
    code: 0,
  })
  expect(
    await duologue(
      'providers add big --kind vllm --url http://127.0.0.1:8000 --no-key --local --check-every 10s',
      data,
    ),
  ).toMatchObject({ code: 0, out: 'big is set up, without a key\n' })
  const { out } = await duologue('providers list', data)
  expect(out).toMatch(/^ID[^\n]*\nanthropic +anthropic +- +yes +no +store\nbig +vllm +http:\S+ +no +yes +store\n/)
  const listed: unknown = JSON.parse((await duologue('providers list --json', data)).out)
  expect(listed).toMatchObject({ providers: [{ id: 'anthropic', hasKey: true }, {}, {}, {}] })
  expect(JSON.stringify(listed)).not.toContain('canary')
  expect(await duologue('providers rm groq big', data)).toMatchObject({ out: 'groq is removed\nbig is removed\n' })
  expect((await duologue('providers rotate-key', data)).out).toMatch(
    /^2 secrets are sealed with the master key \w{12}\n$/,
  )
  for (const name of await readdir(join(data.path, 'state'))) {
    expect((await readFile(join(data.path, 'state', name))).includes('canary')).toBe(false)
  }
})

test('a provider that wants a key and gets none is set up, and its owner told', async () => {
  const data = await dataFolderWith()
  const note = 'It answers nobody without a key: repeat this with --replace, and --key-file or --key-variable\n'
  expect(await duologue('providers add openai --no-key', data)).toMatchObject({ code: 0, err: note })
  expect(await duologue('providers add ollama --no-key', data)).toMatchObject({ code: 0, err: '' })
})

test('a key that is typed is not shown, and one that is interrupted changes nothing', async () => {
  const data = await dataFolderWith()
  const words = [process.execPath, main, 'providers', 'add', 'anthropic'] as const
  const typing = startOnTerminal(words, data)
  await typing.until(/Key for anthropic/)
  typing.write(keys.interrupt)
  expect(await typing.ended).toMatchObject({ code: 130 })
  expect((await duologue('providers list', data)).err).toContain('No providers yet')
  const again = startOnTerminal(words, data)
  await again.until(/Key for anthropic/)
  again.write(`sk-canary${keys.enter}`)
  const { code, out } = await again.ended
  expect(code).toBe(0)
  expect(stripVTControlCharacters(out)).toContain('anthropic is set up, with its key')
  expect(out).not.toContain('canary')
})

test.each([
  ['providers add anthropic --check-every 1ms', /it must be never, or a time from 1s to 1h/],
  ['providers add anthropic --key sk-1', /unknown option '--key'/],
  ['providers add anthropic --key-file a --key-variable b', /cannot be used with/],
  ['providers add local --kind openai --no-key', /id is not usable: "local" is the embedded engine’s own name/],
  ['providers add a/b --kind openai --no-key', /provider a\/b: id is not usable: it must be letters, digits, "\."/],
  ['routes add a=b --to local', /name is not usable: it must be letters from a to z/],
  ['providers add x --kind openai-compatible --no-key', /needs a url/],
  ['routes add r --model /(/ --to openai', /match\.model is no regular expression that can be used/],
  ['providers add anthropic --key-variable NOTHING_LIKE_IT', /the variable NOTHING_LIKE_IT holds no key/],
  ['routes add r --to openai/', /Write it as provider or provider\/model/],
  ['routes add r --needs wings --to openai', /It must be one of tools, vision/],
  ['routes add r', /targets are missing/],
])('used wrongly, as in "duologue %s", it ends with 2', async (line, message) => {
  const { code, out, err } = await duologue(line, await dataFolderWith())
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(message)
})

test.each(['providers add openai --key-file /', 'routes explain --file /'])(
  'given a folder for a file, as in "duologue %s", it says so',
  async line => {
    const err = expect.stringContaining('the file / is a folder')
    expect(await duologue(line, await dataFolderWith())).toMatchObject({ code: 66, out: '', err })
  },
)

test.each(['providers rm nobody', 'providers test nobody', 'routes rm nothing', 'routes move nothing 1'])(
  'asked for what is not there, as in "duologue %s", it ends with 66',
  async line => {
    expect(await duologue(line, await dataFolderWith())).toMatchObject({ code: 66, out: '' })
  },
)

test('rules are made, listed in their order, moved and removed', async () => {
  const data = await dataFolderWith()
  expect(
    await duologue('routes add claude --model claude-* --to local/qwen3-8b --to anthropic --most-wait 5s', data),
  ).toMatchObject({
    code: 0,
    out: 'claude: claude-* → local/qwen3-8b, anthropic\n',
    err: 'No provider anthropic is set up yet: duologue providers add anthropic\n',
  })
  const flags = '--key payroll --header x-team=hr* --needs tools --prompt-at-least 10 --protocol openai-chat'
  expect(await duologue(`routes add private ${flags} --local-only --position 1`, data)).toMatchObject({ code: 0 })
  const { out } = await duologue('routes list', data)
  expect(out).toMatch(
    /^NAME[^\n]*\nprivate +openai-chat, key payroll, x-team=hr\*, needs tools, from 10 tokens +- \(local only\) +store\nclaude /,
  )
  const moved = await duologue('routes move private 2 --json', data)
  expect(JSON.parse(moved.out)).toEqual({ name: 'private', position: 2 })
  expect(JSON.parse((await duologue('routes list --json', data)).out)).toMatchObject({
    routes: [
      {
        name: 'claude',
        match: { model: { type: 'prefix', text: 'claude-' } },
        targets: [{ provider: 'local', model: 'qwen3-8b' }, { provider: 'anthropic' }],
        mostWaitMs: 5000,
      },
      {
        name: 'private',
        match: { protocols: ['openai-chat'], keys: ['payroll'], headers: { 'x-team': 'hr*' }, needs: ['tools'] },
        isLocalOnly: true,
      },
    ],
  })
  expect(await duologue('routes add claude --to openai', data)).toMatchObject({ code: 1 })
  expect(await duologue('routes add claude --to openai --replace', data)).toMatchObject({ code: 0 })
  expect(await duologue('routes rm claude private', data)).toMatchObject({
    out: 'claude is removed\nprivate is removed\n',
  })
})

test('a model is given another name, and loses it again', async () => {
  const data = await dataFolderWith()
  expect((await duologue('aliases add claude-* qwen3-8b', data)).out).toBe('claude-* is answered by qwen3-8b\n')
  expect((await duologue('aliases list', data)).out).toMatch(/^ALIAS[^\n]*\nclaude-\* +qwen3-8b +store\n$/)
  expect(await duologue('aliases rm claude-*', data)).toMatchObject({ out: 'claude-* is removed\n' })
  expect(await duologue('aliases rm claude-*', data)).toMatchObject({ code: 66 })
})

test('with another master key it ends with 78, says which one is wanted, and changes nothing', async () => {
  const data = await dataFolderWith()
  expect(await duologue('providers add openai --key-file -', { ...data, input: 'k' })).toMatchObject({ code: 0 })
  const environment = { ...data.environment, DUOLOGUE_MASTER_KEY: 'ab'.repeat(32) }
  const refused = await duologue('providers add groq --key-file -', { environment, input: 'k' })
  expect(refused).toMatchObject({ code: 78, out: '', err: expect.stringContaining('are sealed with the master key') })
  expect(refused.err).not.toContain('abab')
  await rm(join(data.path, 'master.key'))
  expect(await duologue('providers list', data)).toMatchObject({ code: 78, err: expect.stringMatching(/none here/) })
})

test('a provider is asked for its models with its key; one that does not answer, or of an unknown kind, is told', async () => {
  const seen: (string | undefined)[] = []
  const upstream = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end(JSON.stringify({ object: 'list', data: [{ id: 'one', object: 'model' }] }))
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const data = await dataFolderWith()
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const add = `providers add mine --kind openai-compatible --url ${url}/v1 --key-file -`
  expect(await duologue(add, { ...data, input: 'sk-canary' })).toMatchObject({ code: 0 })
  expect(await duologue('providers test mine', data)).toMatchObject({ code: 0, out: 'mine answers, with 1 model\n' })
  expect(seen).toEqual(['Bearer sk-canary'])
  await duologue('providers add away --kind ollama --url http://127.0.0.1:1 --no-key', data)
  expect(await duologue('providers test away', data)).toMatchObject({ code: 69, out: '' })
  const unknown = await duologue('providers add x --kind florp --no-key', data)
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('no kind of provider called "florp"') })
})

test('what the configuration file says goes before what commands have set up, and is told', async () => {
  const data = await dataFolderWith()
  await duologue('providers add work --kind openai --no-key', data)
  const file = join(data.path, 'duologue.yaml')
  await writeFile(file, 'providers:\n  home: {kind: ollama}\n  work:\n    kind: groq\n', { mode: 0o600 })
  const environment = { ...data.environment, DUOLOGUE_CONFIG_FILE: file }
  const { out, err } = await duologue('providers list', { environment })
  expect(out).toMatch(/^ID[^\n]*\nhome +ollama +- +no +yes +file\nwork +groq +- +no +no +file\n$/)
  expect(err).toBe('Not in use: the stored provider work, because the configuration file has one of that name\n')
  expect(await duologue('providers add work --kind openai --no-key --replace', { environment })).toMatchObject({
    code: 1,
    err: expect.stringContaining('is in the configuration file; change it there'),
  })
})

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ConfigError, loadConfig } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { modelPattern } from '../config/model-pattern.ts'
import { ModelError } from '../core/errors.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { RouteRule } from '../core/route-rules.ts'
import { Secret } from '../core/secret.ts'
import { writeModelPattern } from '../core/write-model-pattern.ts'
import { openOwnerRules } from './owner-rules.ts'
import type { OwnerRules, OwnerRulesOptions } from './owner-rules.ts'

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-rules-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function open({
  variables = {},
  ...options
}: Partial<OwnerRulesOptions> & { readonly variables?: Environment } = {}): Promise<OwnerRules> {
  const environment = { DUOLOGUE_DATA: await newFolder(), ...variables }
  const rules = await openOwnerRules({ config: loadConfig({}, environment).config, environment, ...options })
  onTestFinished(() => rules.close())
  return rules
}

const anthropic: ProviderSettings = { id: 'anthropic', kind: 'anthropic', key: new Secret('sk-1') }
const ollama: ProviderSettings = { id: 'ollama', kind: 'ollama', url: 'http://127.0.0.1:11434', isLocal: true }
const claude: RouteRule = { name: 'claude', match: {}, targets: [{ provider: 'anthropic' }] }
const file = { providers: [ollama], routes: [{ ...claude, name: 'first' }], aliases: [] }

test('providers of the file and the store are told without their keys', async () => {
  const factsOf: OwnerRulesOptions['factsOf'] = async ({ kind }) => ({ isLocal: kind === 'ollama', needsKey: true })
  const { providers } = await open({ file, factsOf })
  await providers.add(anthropic, false)
  const told = await providers.list()
  expect(told.providers).toEqual([
    {
      id: 'ollama',
      kind: 'ollama',
      url: 'http://127.0.0.1:11434',
      hasKey: false,
      isLocal: true,
      lacksKey: true,
      from: 'file',
    },
    { id: 'anthropic', kind: 'anthropic', hasKey: true, isLocal: false, lacksKey: false, from: 'store' },
  ])
  expect(JSON.stringify(told)).not.toContain('sk-1')
})

test('a provider that the file took over later is told as not in use', async () => {
  const DUOLOGUE_DATA = await newFolder()
  await (await open({ variables: { DUOLOGUE_DATA } })).providers.add(ollama, false)
  const { providers } = await open({ variables: { DUOLOGUE_DATA }, file })
  expect(await providers.list()).toMatchObject({
    providers: [{ id: 'ollama', from: 'file' }],
    shadowed: [{ what: 'provider', name: 'ollama' }],
  })
})

test('an id that is taken is refused, unless it is to be replaced; then the old key stays', async () => {
  const seen: unknown[] = []
  const { providers } = await open({
    check: async ({ key, url }) => {
      seen.push([url, key?.reveal()])
      return []
    },
  })
  await providers.add(anthropic, false)
  await expect(providers.add(anthropic, false)).rejects.toMatchObject({ kind: 'conflict' })
  await providers.add({ id: 'anthropic', kind: 'anthropic', url: 'https://proxy.example' }, true)
  await providers.test('anthropic', new AbortController().signal)
  expect(seen).toEqual([['https://proxy.example', 'sk-1']])
})

test('what the file says is changed in the file', async () => {
  const { providers, routes } = await open({ file })
  await expect(providers.add(ollama, true)).rejects.toThrow(/is in the configuration file/)
  await expect(providers.remove(['ollama'])).rejects.toThrow(/is in the configuration file/)
  await expect(routes.add({ ...claude, name: 'first' }, { isReplacing: true })).rejects.toThrow(/in the configuration/)
  await expect(routes.remove(['first'])).rejects.toThrow(/is in the configuration file/)
  await expect(routes.move('first', 1)).rejects.toThrow(/is in the configuration file/)
})

test('several are removed all or none', async () => {
  const { providers, routes } = await open()
  await providers.add(anthropic, false)
  await routes.add(claude, { isReplacing: false })
  await expect(providers.remove(['anthropic', 'nobody'])).rejects.toMatchObject({ kind: 'not-found' })
  await expect(routes.remove(['claude', 'nothing'])).rejects.toMatchObject({ kind: 'not-found' })
  expect((await providers.list()).providers).toHaveLength(1)
  await providers.remove(['anthropic', 'anthropic'])
  await routes.remove(['claude'])
  expect((await providers.list()).providers).toEqual([])
  expect((await routes.list()).routes).toEqual([])
})

test('settings that could not be used are refused before they are kept', async () => {
  const { providers } = await open({
    assertProvider: async () => {
      throw new ModelError('invalid-request', 'there is no such kind')
    },
  })
  await expect(providers.add(anthropic, false)).rejects.toThrow('there is no such kind')
  expect((await providers.list()).providers).toEqual([])
})

test.each([
  [{ ...claude, targets: Array.from({ length: 99 }, () => ({ provider: 'p' })) }, 'targets are 99; \\d+ are allowed'],
  [{ ...claude, match: { model: { type: 'regex', text: '(' } as const } }, 'match.model'],
])('a rule that could not be followed is refused before it is kept, and its field named: %#', async (rule, message) => {
  const { routes } = await open()
  const adding = routes.add(rule, { isReplacing: false })
  await expect(adding).rejects.toMatchObject({ kind: 'invalid-request', message: expect.stringMatching(`^${message}`) })
  expect((await routes.list()).routes).toEqual([])
})

test('an alias that closes a circle is refused', async () => {
  const { routes } = await open()
  await routes.addAlias({ alias: modelPattern.parse('a'), model: 'b' })
  await expect(routes.addAlias({ alias: modelPattern.parse('b'), model: 'a' })).rejects.toMatchObject({
    kind: 'invalid-request',
    message: expect.stringContaining('in a circle'),
  })
  expect((await routes.list()).aliases).toHaveLength(1)
})

test('rules of the file come first, and a stored one may be placed, moved and replaced', async () => {
  const { routes } = await open({ file })
  await routes.add(claude, { isReplacing: false })
  await routes.add({ ...claude, name: 'other' }, { isReplacing: false, position: 1 })
  await expect(routes.add(claude, { isReplacing: false })).rejects.toMatchObject({ kind: 'conflict' })
  await routes.add({ ...claude, isLocalOnly: true }, { isReplacing: true })
  await routes.move('claude', 1)
  expect((await routes.list()).routes.map(({ name, from }) => [name, from])).toEqual([
    ['first', 'file'],
    ['claude', 'store'],
    ['other', 'store'],
  ])
})

test('an alias is kept and removed by its pattern', async () => {
  const { routes } = await open()
  await routes.addAlias({ alias: modelPattern.parse('claude-*'), model: 'qwen3-8b' })
  expect((await routes.list()).aliases).toMatchObject([{ model: 'qwen3-8b', from: 'store' }])
  await routes.removeAlias(modelPattern.parse('claude-*'))
  await expect(routes.removeAlias(modelPattern.parse('claude-*'))).rejects.toMatchObject({ kind: 'not-found' })
})

test.each([
  ['gpt-5', 'exact', 'gpt-5'],
  ['claude-*', 'prefix', 'claude-'],
  ['*', 'glob', '*'],
  ['*-mini?', 'glob', '*-mini?'],
  ['/gpt-[45]/', 'regex', 'gpt-[45]'],
] as const)('the pattern %s is of type %s, and is written as it was read', (written, type, text) => {
  expect(modelPattern.parse(written)).toEqual({ type, text })
  expect(writeModelPattern({ type, text })).toBe(written)
})

test('asking a provider needs one that is there', async () => {
  const { providers } = await open({ check: async () => [] })
  const { signal } = new AbortController()
  await expect(providers.test('nobody', signal)).rejects.toMatchObject({ kind: 'not-found' })
})

test('a master key that cannot be used is a setting that cannot be used', async () => {
  const opening = open({ variables: { DUOLOGUE_MASTER_KEY: 'password' } }).then(({ providers }) =>
    providers.add(anthropic, false),
  )
  await expect(opening).rejects.toThrow(/DUOLOGUE_MASTER_KEY holds no usable master key/)
})

test.each([
  [{ DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL is not usable: it must be a postgres:\/\/ address$/],
  [{ DATABASE_URL_FILE: '/no/such/file' }, /^DATABASE_URL_FILE "\/no\/such\/file" is not usable: it cannot be read$/],
])('a database that is named wrongly is refused, and its address not shown: %j', async (variables, message) => {
  await expect(open({ variables })).rejects.toThrow(ConfigError)
  await expect(open({ variables })).rejects.toThrow(message)
})

test('a database server that does not answer is told without its password', async () => {
  const url = join(await newFolder(), 'url')
  await writeFile(url, 'postgres://me:canary@127.0.0.1:1/db\n')
  await chmod(url, 0o600)
  const opening = open({ variables: { DATABASE_URL_FILE: url } })
  await expect(opening).rejects.toMatchObject({ kind: 'unavailable', message: expect.not.stringContaining('canary') })
})

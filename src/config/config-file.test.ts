import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../core/secret.ts'
import { ConfigError } from './config.ts'
import type { Snapshot } from './config.ts'
import { formatFault } from './fault.ts'
import { configFile } from './folders.ts'
import { openConfig, readConfig } from './open-config.ts'
import type { Reading } from './open-config.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'duologue-config-'))
  onTestFinished(async () => rm(path, { recursive: true, force: true }))
  return path
}

interface Around {
  readonly flags?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly mode?: number
}

/** Reads a text as a configuration file. */
async function read(text: string, { flags = {}, environment = {}, mode = 0o600 }: Around = {}): Promise<Reading> {
  const path = join(await folder(), 'duologue.yaml')
  await writeFile(path, text, { mode })
  return readConfig({ flags: { configFile: path, ...flags }, environment })
}

async function usable(text: string, around?: Around): Promise<Snapshot> {
  const reading = await read(text, around)
  if (reading.type === 'faulty') throw new Error(reading.faults.map(formatFault).join('\n'))
  return reading.snapshot
}

/** The faults of a text, each as `line:column: message`. */
async function faults(text: string, around?: Around): Promise<readonly string[]> {
  const reading = await read(text, around)
  if (reading.type !== 'faulty') return []
  return reading.faults.map(fault => formatFault(fault).replace(`${reading.path}:`, ''))
}

async function warnings(text: string, around?: Around): Promise<readonly string[]> {
  const reading = await read(text, around)
  if (reading.type !== 'snapshot') throw new Error('it cannot be used')
  return reading.warnings.map(fault => formatFault(fault).replace(`${reading.path}:`, ''))
}

test('a flag goes before a variable, a variable before the file, and the file before the default', async () => {
  const text = '# mine\nport: 1\nhost: ::1\nslots: 3\n'
  const { config, sources, file } = await usable(text, {
    flags: { port: '4' },
    environment: { DUOLOGUE_PORT: '3', DUOLOGUE_HOST: 'localhost' },
  })
  expect(config).toMatchObject({ port: 4, host: 'localhost', slots: 3, queueTimeoutMs: 120_000 })
  expect(sources).toMatchObject({ port: '--port', host: 'DUOLOGUE_HOST', slots: `${file}:4`, attach: 'default' })
})

test('settings are written as people write YAML', async () => {
  const text = `
keep-alive: 90
queue-timeout: 2m
cache-memory: 0
memory: 12GiB
load: [a, b]
allowed-hosts: one, two
confine: no
insecure-no-auth: true
`
  expect((await usable(text)).config).toMatchObject({
    keepAliveMs: 90_000,
    queueTimeoutMs: 120_000,
    cacheMemoryBytes: 0,
    memoryBytes: 12 * 2 ** 30,
    models: ['a', 'b'],
    allowedHosts: ['one', 'two'],
    confinesModels: false,
    allowsNoKeys: true,
  })
})

test('an empty file, and one of comments, says nothing', async () => {
  for (const text of ['', '# nothing\n', '---\n', 'providers:\nmodels:\n']) {
    expect((await usable(text)).config.port).toBe(7272)
  }
})

test('a snapshot is frozen to its last value', async () => {
  const { config, rules } = await usable(
    'keys: [{name: laptop, key: k}]\nroutes: [{name: a, targets: [local], match: {keys: [laptop]}}]',
  )
  expect([config, rules, rules.routes[0]?.match.keys, rules.keys[0]].every(value => Object.isFrozen(value))).toBe(true)
})

test('models have settings of their own, and those to load or to pin join the lists', async () => {
  const text = `
pin: [a]
models:
  b: { context: 4096, slots: 2, threads: 3, prompt-threads: 4, gpu-layers: 9, kv-cache: q8_0, flash-attention: off, pin: true }
  c: { lora: [{ path: x.gguf, scale: 0.5 }, { path: /y.gguf }], keep-alive: never, load: yes }
`
  const { config, rules, file = '' } = await usable(text)
  expect([config.pinnedModels, config.models]).toEqual([['a', 'b'], ['c']])
  expect(rules.models).toEqual([
    {
      model: 'b',
      contextTokens: 4096,
      slots: 2,
      threads: 3,
      promptThreads: 4,
      gpuLayers: 9,
      cacheType: 'q8_0',
      flashAttention: 'off',
      isPinned: true,
    },
    {
      model: 'c',
      adapters: [
        { path: join(file, '..', 'x.gguf'), scale: 0.5 },
        { path: '/y.gguf', scale: 1 },
      ],
      keepAliveMs: Number.POSITIVE_INFINITY,
      isExpected: true,
    },
  ])
})

test('providers are read into the words of the vocabulary, and their secrets show nothing', async () => {
  const text = `
providers:
  anthropic: { key: "\${KEY}" }
  box:
    kind: openai-compatible
    url: http://192.168.1.2:8000/v1
    protocol: openai-chat
    local: true
    headers: { X-Team: blue }
    models:
      m:
        capabilities: { context: 1000, max-output: 10, tools: yes, structured-output: no }
        prices: { input: 1, cache-read: 0.1, cache-write: 2, output: 5 }
    command: { program: serve, arguments: [--port, "1"], environment: { A: b }, idle: 10m, start: 30s }
    timeouts: { connect: 1s, first-token: 30s, idle: 5, total: 500ms }
    check-every: 10s
`
  const { rules } = await usable(text, { environment: { KEY: 'canary' } })
  expect(rules.providers[0]).toMatchObject({ id: 'anthropic', kind: 'anthropic' })
  expect(rules.providers[0]?.key?.reveal()).toBe('canary')
  expect(JSON.stringify(rules)).not.toContain('canary')
  expect(rules.providers[1]).toEqual({
    id: 'box',
    kind: 'openai-compatible',
    url: 'http://192.168.1.2:8000/v1',
    protocol: 'openai-chat',
    isLocal: true,
    headers: { 'x-team': expect.any(Secret) },
    models: [
      {
        id: 'm',
        capabilities: { contextTokens: 1000, maxOutputTokens: 10, tools: true, structuredOutput: false },
        prices: { input: 1, cacheRead: 0.1, cacheWrite: 2, output: 5 },
      },
    ],
    command: {
      program: 'serve',
      arguments: ['--port', '1'],
      environment: { A: 'b' },
      idleMs: 600_000,
      startMs: 30_000,
    },
    timeouts: { connectMs: 1000, firstTokenMs: 30_000, idleMs: 5000, totalMs: 500 },
    checkEveryMs: 10_000,
  })
})

test.each([
  ['gpt-5', { type: 'exact', text: 'gpt-5' }],
  ['claude-*', { type: 'prefix', text: 'claude-' }],
  ['*', { type: 'glob', text: '*' }],
  ['*-mini?', { type: 'glob', text: '*-mini?' }],
  ['/gpt-[45]/', { type: 'regex', text: 'gpt-[45]' }],
])('the model %s is a pattern, in an alias and in a rule', async (written, pattern) => {
  const text = JSON.stringify({
    aliases: { [written]: 'm' },
    routes: [{ name: 'r', match: { model: written }, targets: ['local'] }],
  })
  const { rules } = await usable(text)
  expect(rules.aliases).toEqual([{ alias: pattern, model: 'm' }])
  expect(rules.routes[0]?.match.model).toEqual(pattern)
})

test('a rule has conditions and targets, which may be written short', async () => {
  const text = `
keys: [{ name: laptop, key: k }]
routes:
  - name: all of it
    match:
      protocols: [openai-chat]
      keys: [laptop]
      headers: { X-Team: blue* }
      prompt-tokens: { at-least: 10, at-most: 20 }
      needs: [vision, tools]
    targets: [local/a/b, { provider: box, model: m, weight: 2, retries: 1, timeouts: { total: 1m } }]
    local-only: true
    most-wait: 20s
  - name: rest
    targets: [local]
`
  expect((await usable(text)).rules.routes).toEqual([
    {
      name: 'all of it',
      match: {
        protocols: ['openai-chat'],
        keys: ['laptop'],
        headers: { 'x-team': 'blue*' },
        promptTokens: { atLeast: 10, atMost: 20 },
        needs: ['vision', 'tools'],
      },
      targets: [
        { provider: 'local', model: 'a/b' },
        { provider: 'box', model: 'm', weight: 2, retries: 1, timeouts: { totalMs: 60_000 } },
      ],
      isLocalOnly: true,
      mostWaitMs: 20_000,
    },
    { name: 'rest', match: {}, targets: [{ provider: 'local' }] },
  ])
})

test('keys have names, and those without are named by their places', async () => {
  const { config, rules } = await usable(
    'keys: [one, {name: laptop, key: two, local-only: true, priority: low, strict: true, owner: true}]',
  )
  expect(config.keys).toEqual(['one', 'two'])
  expect(rules.keys).toEqual([
    { name: 'key-1', key: expect.any(Secret) },
    { name: 'laptop', key: expect.any(Secret), isLocalOnly: true, priority: 'low', isStrict: true, isOwner: true },
  ])
})

test('keys of a flag replace those of the file', async () => {
  const { config, rules } = await usable('keys: [{name: laptop, key: two}]', { flags: { keys: ['k'] } })
  expect(config.keys).toEqual(['k'])
  expect(rules.keys.map(({ name }) => name)).toEqual(['key-1'])
})

test('a key of a flag or a variable that the file has too keeps all that the file says of it', async () => {
  const file =
    'keys: [{key: one, local-only: true}, {name: laptop, key: two, local-only: true, priority: low, strict: true}, three]'
  const environment = { DUOLOGUE_KEYS: 'two,two,new,one' }
  const held = [
    { name: 'laptop', key: expect.any(Secret), isLocalOnly: true, priority: 'low', isStrict: true },
    { name: 'key-2', key: expect.any(Secret) },
    { name: 'key-3', key: expect.any(Secret), isLocalOnly: true },
  ]
  const byVariable = await usable(file, { environment })
  expect(byVariable.config.keys).toEqual(['two', 'new', 'one'])
  expect(byVariable.rules.keys).toEqual(held)
  const byFlag = await usable(file, { flags: { keys: ['two', 'new', 'one'] } })
  expect(byFlag.rules.keys).toEqual(held)
})

test('text may refer to variables and files, also where it stands for a number', async () => {
  const path = await folder()
  await writeFile(join(path, 'secret'), 'from a file\n')
  const file = join(path, 'c.yaml')
  const text = `
port: \${PORT}
host: \${HOST:-::1}
data: "a\${A}b\${B:-}c$\${D}"
hf-token: file:secret
log-level: \${LEVEL:-warn}
`
  await writeFile(file, text)
  const { config } = await openConfig({ flags: { configFile: file }, environment: { PORT: '80', A: '1' } })
  expect(config).toMatchObject({
    port: 80,
    host: '::1',
    dataDirectory: 'a1bc${D}',
    hubToken: 'from a file',
    logLevel: 'warn',
  })
})

test.each([
  ['host: ${NOPE}', /^1:7: the variable NOPE is not set; set it, or write \$\{NOPE:-default\}$/],
  ['host: ${1}', /^1:7: "\$\{1\}" is no reference; write \$\{NAME\}/],
  ['hf-token: file:nothing', /^1:11: the file \S+\/nothing is not there$/],
  ['hf-token: file:/', /^1:11: the file \/ is a folder$/],
  ['prot: 1', /^1:1: "prot" is not known; did you mean "port"\?$/],
  ['\nport: seven', /^2:7: port "seven" is not usable: it must be a whole number from 0 to 65535$/],
  ['port:', /^1:6: port is not usable: it must be a whole number/],
  ['hello', /^1:1: the file is not usable: it must be a map of names and values$/],
  ['host: "a', /^1:9: a sign is missing here/],
  ['port: 1\nport: 2', /^2:1: this key is here twice/],
  ['host: !x y', /^1:7: tags \(!name\) have no meaning here/],
  ['host: *x', /^1:7: this alias \(\*name\) has no anchor/],
  ['host: x\n---\nhost: y', /a second document begins here/],
  ['__proto__: {}', /^1:1: "__proto__" cannot be a name$/],
  ['models: {m: {contxt: 1}}', /^1:14: "contxt" in models\.m is not known; did you mean "context"\?$/],
  ['providers: {local: {}}', /^1:13: providers\.local is not usable: "local" is the embedded engine’s own name/],
  ['providers: {a: {url: "http://u:p@h"}}', /providers\.a\.url is not usable: it must hold no name or password/],
  ['providers: {a: {url: "http://h/v1?api-key=p"}}', /providers\.a\.url is not usable: it must hold no key/],
  ['hf-endpoint: "ftp://u:p@h"', /hf-endpoint is not usable/],
  ['providers: {a: {key: ""}}', /providers\.a\.key is not usable: it must not be empty/],
  ['providers: {a: {key: "a\\nb"}}', /providers\.a\.key is not usable: it must have no line breaks/],
  ['providers: {a: {headers: {Host: h}}}', /this header is not for a configuration to set/],
  ['routes: [{name: "a\\nb", targets: [local]}]', /routes\[0\]\.name "a\\nb" is not usable/],
  ['routes: [{name: a, targets: []}]', /routes\[0\]\.targets is not usable: they are missing; only a rule/],
  ['providers: {a: {check-every: 500ms}}', /check-every .* is not usable: it must be never, or a time from 1s to 1h/],
  ['routes: [{name: a, targets: [{provider: local, timeouts: {total: 0}}]}]', /total 0 is not usable: nothing can/],
  ['routes: [{name: a}]', /routes\[0\]\.targets is not usable: they are missing/],
  [
    'routes: [{name: a, targets: [x]}, {name: a, targets: [x]}]',
    /routes\[1\]\.name "a" is not usable: a rule before it/,
  ],
  ['routes: [{name: a, targets: [{provider: x, wieght: 1}]}]', /"wieght" in routes\[0\]\.targets\[0\].*"weight"/],
  ['keys: [a, a]', /^1:11: keys\[1\] is not usable: the same key is here twice/],
  ['keys: ["a b"]', /keys\[0\] is not usable: it must have no spaces/],
  ['keys: [{name: a, key: x}, {name: a, key: y}]', /the name "a" belongs to a key before it/],
  ['keys: [{name: key-2, key: x}]', /keys\[0\]\.name is not usable: it is what a key without a name is called/],
  [
    'keys: [{name: a, key: x}]\nroutes: [{name: r, match: {keys: [a, b]}, targets: [local], local-only: true}]',
    /^2:38: routes\[0\]\.match\.keys\[1\] names the key "b".*would stay here/,
  ],
  [
    'keys: [x]\nroutes: [{name: r, match: {keys: [key-1]}, targets: [local]}]',
    /^2:35: routes\[0\]\.match\.keys\[0\] names the key "key-1", which is only its place.*give the key a name/,
  ],
  ['routes: [{name: r, match: {keys: [b]}, local-only: true}]', /names the key "b".*would stay here/],
])('%j is refused at its place', async (text, message) => {
  expect((await faults(text)).join('\n')).toMatch(message)
  expect(await faults(text)).toHaveLength(1)
})

test('all faults are told at once, in the order of the file, and those of flags and variables with them', async () => {
  const text = 'port: x\nmodels: {m: {slots: 0, x: 1}}\nkeys: [""]\n'
  const told = await faults(text, { flags: { slots: '0' }, environment: { DUOLOGUE_QUEUE: '0' } })
  expect(told.map(line => line.split(' ')[0])).toEqual(['1:7:', '2:21:', '2:24:', '3:8:', 'DUOLOGUE_QUEUE', '--slots'])
})

test('what a reference stands for is not shown, nor a secret in a place of its own', async () => {
  const environment = { KEY: 'canary' }
  const text = 'port: ${KEY}\nhttp-proxy: canary\nkeys: ["canary canary"]\nproviders: {a: {key: "canary\\ncanary"}}'
  const told = await faults(text, { environment })
  expect(told).toHaveLength(4)
  expect(told.join('\n')).not.toContain('canary')
})

test('a file that is named must be there; one that is only looked for need not', async () => {
  const path = await folder()
  const named = openConfig({ flags: { configFile: join(path, 'x.yaml') }, environment: {} })
  await expect(named).rejects.toThrow(ConfigError)
  await expect(named).rejects.toThrow(/x\.yaml is not there/)
  const { file } = await openConfig({ flags: {}, environment: { XDG_CONFIG_HOME: path, APPDATA: path, HOME: path } })
  expect(file).toBeUndefined()
})

test('the file is looked for in the user’s configuration folder', () => {
  const place =
    process.platform === 'linux' ? join(homedir(), '.config', 'duologue', 'duologue.yaml') : expect.any(String)
  expect(configFile({ configFile: undefined }, {})).toEqual(place)
  expect(configFile({ configFile: undefined }, { XDG_CONFIG_HOME: 'relative' })).toEqual(place)
  expect(configFile({ configFile: '/a/b.yaml' }, {})).toBe('/a/b.yaml')
})

test('what is no file of text is refused with its reason', async () => {
  const path = await folder()
  const file = join(path, 'c.yaml')
  const told = async (): Promise<string> => {
    const reading = await readConfig({ flags: { configFile: file }, environment: {} })
    return reading.type === 'faulty' ? reading.faults.map(formatFault).join() : 'used'
  }
  await symlink(path, file)
  expect(await told()).toMatch(/is a folder/)
  await rm(file)
  await writeFile(file, Buffer.from([0xff, 0xfe, 0x00]))
  expect(await told()).toMatch(/is no text in UTF-8/)
  await writeFile(file, `#${'x'.repeat(2 ** 20)}`)
  expect(await told()).toMatch(/is larger than 1048576 bytes/)
  await writeFile(file, `#${'x'.repeat(2 ** 20 - 1)}`)
  expect(await told()).toBe('used')
})

test.each([
  ['keys side by side', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n')],
  ['questions', '? '.repeat(2 ** 19)],
  ['lines of questions', '?\n'.repeat(2 ** 19)],
  ['brackets', '['.repeat(2 ** 20)],
  ['dashes', '- '.repeat(2 ** 19)],
  ['quotes', '"'.repeat(2 ** 20)],
  ['anchors', '&a '.repeat(2 ** 18)],
  ['lists in maps', Array.from({ length: 1000 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
  ['aliases of aliases', bomb()],
  ['an alias in its own anchor', 'models: &a {m: *a}'],
])('a file of nothing but %s is refused', async (_, text) => {
  const told = await faults(text)
  expect(told.length).toBeGreaterThan(0)
  expect(told.length).toBeLessThan(2000)
})

function bomb(): string {
  const letters = 'bcdefghij'.split('')
  const lines = letters.map((letter, index) => `${letter}: &${letter} [${`*${'abcdefghi'[index]}, `.repeat(9)}x]`)
  return ['a: &a [x]', ...lines].join('\n')
}

test('an anchor may be used again', async () => {
  const text = 'providers:\n  a: {url: http://a, timeouts: &t {connect: 1s}}\n  b: {url: http://b, timeouts: *t}\n'
  const { rules } = await usable(text)
  expect(rules.providers[1]?.timeouts).toEqual({ connectMs: 1000 })
})

test('a secret in plain text is warned of; the word that says where the master key is is none', async () => {
  expect(await warnings('master-key: canary\n')).toEqual([expect.stringMatching(/^1:13: master-key stands here/)])
  expect(await warnings('master-key: keychain\n')).toEqual([])
})

test('a secret in plain text is used, and warned of; one by reference is not', async () => {
  const environment = { K: 'k' }
  const text = 'providers: {a: {key: plain, headers: {X-Team: blue}}, b: {key: "${K}"}}\n'
  expect(await warnings(text, { environment })).toEqual([
    expect.stringMatching(/^1:22: providers\.a\.key stands here in plain text; write \$\{NAME\}/),
  ])
})

test('a file with secrets that others may read is warned of', async () => {
  expect((await warnings('keys: [k]', { mode: 0o644 })).join()).toMatch(/others may read this file.*chmod 600/)
  expect((await warnings('port: 1', { mode: 0o644 })).join()).toBe('')
})

test('a rule that names a provider or a key that the file does not know is warned of', async () => {
  const told = await warnings('routes: [{name: a, match: {keys: [x]}, targets: [local, cloud/m]}]')
  expect(told).toEqual([
    expect.stringMatching(/names the provider "cloud"/),
    expect.stringMatching(/names the key "x"/),
  ])
})

test('a key that has to stay and is not among those of a variable is warned of where another one is', async () => {
  const environment = { OLD: 'old', NEW: 'new', DUOLOGUE_KEYS: 'old' }
  const laptop = (secret: string): string =>
    `keys: [{name: laptop, key: "\${${secret}}", local-only: true}, "\${OLD}x"]`
  expect(await warnings(laptop('NEW'), { environment })).toEqual([
    expect.stringMatching(/^DUOLOGUE_KEYS has keys that are not in the file, and not the one that is laptop there/),
  ])
  expect(await warnings(laptop('OLD'), { environment })).toEqual([])
  expect(await warnings(laptop('NEW'), { environment: { OLD: 'old', NEW: 'new' } })).toEqual([])
  expect(await warnings(laptop('NEW'), { environment: { ...environment, DUOLOGUE_KEYS: 'oldx' } })).toEqual([])
})

test('a rule may name keys of a variable by their places where there is no list, and is warned of', async () => {
  expect(await warnings('routes: [{name: a, match: {keys: [key-1]}, targets: [local], local-only: true}]')).toEqual([
    expect.stringMatching(/names the key "key-1", which is only its place.*give the key a name/),
  ])
})

test('any text gives a configuration or faults, and never a crash', async () => {
  const path = join(await folder(), 'c.yaml')
  const known = fc.constantFrom(
    'port',
    'models',
    'keys',
    'routes',
    'providers',
    'aliases',
    'targets',
    'match',
    'name',
    'key',
  )
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('${A}', 'file:x', '5m'),
  )
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(known, fc.string()), tie('tree'), { maxKeys: 4 }),
    ),
  }))
  const signs = fc.array(
    fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '*',
      '&',
      '!',
      '|',
      '>',
      '"',
      "'",
      '#',
      '%',
      '?',
      '\t',
      '$',
      '${',
      '\0',
      '---\n',
      '<<',
    ),
    { maxLength: 40 },
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    signs.map(all => all.join('')),
    tree.map(value => JSON.stringify(value)),
  )
  const property = fc.asyncProperty(text, async written => {
    await writeFile(path, written)
    const reading = await readConfig({ flags: { configFile: path }, environment: { A: 'x' } })
    if (reading.type === 'faulty') expect(reading.faults.map(formatFault).join()).not.toBe('')
    else expect(reading.snapshot.config.host).toBeTruthy()
  })
  await fc.assert(property, { numRuns: 150 })
})

test('how long to connect may take is a provider’s to say, not a target’s', async () => {
  const targets = '[{ provider: local, timeouts: { connect: 1s } }]'
  const told = await faults(`routes:\n  - { name: r, match: {}, targets: ${targets} }\n`)
  expect(told).toEqual([expect.stringMatching(/"?connect"? .*is not known/)])
})

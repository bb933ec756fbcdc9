import { expect, test } from 'vitest'
import { ConfigError, loadConfig } from './config.ts'
import { engineEnvironment, keychainEnvironment } from './environment.ts'

test('without flags and variables every setting has its default, and says so', () => {
  const { config, sources } = loadConfig({}, {})
  expect(config).toMatchObject({ host: '127.0.0.1', port: 7272, keys: [], logLevel: 'info', keepAliveMs: 300_000 })
  expect(config.memoryBytes).toBeUndefined()
  expect(new Set(Object.values(sources))).toEqual(new Set(['default']))
})

test('a flag goes before a variable, and a variable before the default', () => {
  const { config, sources } = loadConfig({ port: '1' }, { DUOLOGUE_PORT: '2', DUOLOGUE_HOST: '::1' })
  expect([config.port, config.host]).toEqual([1, '::1'])
  expect([sources.port, sources.host]).toEqual(['--port', 'DUOLOGUE_HOST'])
})

test('an adapter is given with its model, and with a scale or without', () => {
  const adaptersOf = (text: string) => loadConfig({}, { DUOLOGUE_LORAS: text }).config.adapters
  expect(adaptersOf('a=b.gguf,c:1b=/d e/f=g.gguf:0.5')).toEqual([
    { model: 'a', path: 'b.gguf', scale: 1 },
    { model: 'c:1b', path: '/d e/f=g.gguf', scale: 0.5 },
  ])
  expect(loadConfig({ adapters: ['a=C:\\b,c.gguf:-1'] }, {}).config.adapters).toEqual([
    { model: 'a', path: 'C:\\b,c.gguf', scale: -1 },
  ])
})

test.each(['a', '=b', 'a=', 'a=b:101'])('the adapter %s is refused with how to write one', text => {
  const load = (): unknown => loadConfig({ adapters: [text] }, {})
  expect(load).toThrow(/^--lora .* is not usable: write it as MODEL=FILE or MODEL=FILE:SCALE, with a scale from -100/)
})

test('an empty variable counts as absent', () => {
  expect(loadConfig({}, { DUOLOGUE_PORT: '' }).config.port).toBe(7272)
})

test('a list is given by commas in a variable, and one by one as flags', () => {
  expect(loadConfig({}, { DUOLOGUE_KEYS: 'a, b,' }).config.keys).toEqual(['a', 'b'])
  expect(loadConfig({ keys: ['a', 'b,c'] }, {}).config.keys).toEqual(['a', 'b,c'])
})

test('a proxy is found in either spelling', () => {
  expect(loadConfig({}, { https_proxy: 'http://p:1' }).config.httpsProxy).toBe('http://p:1')
})

test.each([
  ['DUOLOGUE_PORT', 'seven'],
  ['DUOLOGUE_PORT', '65536'],
  ['DUOLOGUE_PORT', '1.5'],
  ['DUOLOGUE_SLOTS', '0'],
  ['DUOLOGUE_SLOTS', '65'],
  ['DUOLOGUE_CONTEXT', '-1'],
  ['DUOLOGUE_LOG_LEVEL', 'loud'],
  ['DUOLOGUE_KEEP_ALIVE', 'long'],
  ['DUOLOGUE_KEEP_ALIVE', '169h'],
  ['DUOLOGUE_QUEUE_TIMEOUT', '-1'],
  ['DUOLOGUE_QUEUE_TIMEOUT', '0'],
  ['DUOLOGUE_QUEUE', '0'],
  ['DUOLOGUE_ATTACH', 'sometimes'],
  ['DUOLOGUE_MEMORY', '12'],
  ['DUOLOGUE_MEMORY', '0GiB'],
  ['DUOLOGUE_INSECURE_NO_AUTH', 'perhaps'],
  ['HF_ENDPOINT', 'ftp://hub'],
])('%s=%s is refused by name, with the value', (variable, value) => {
  const load = (): unknown => loadConfig({}, { [variable]: value })
  expect(load).toThrow(ConfigError)
  expect(load).toThrow(new RegExp(`^${variable} "${value.replaceAll('/', '\\/')}" is not usable: (it must|write it)`))
  expect(load).not.toThrow(/Invalid|expected/)
})

test.each([
  ['0', 0],
  ['90', 90_000],
  ['250ms', 250],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['-1', Number.POSITIVE_INFINITY],
  ['-1m', Number.POSITIVE_INFINITY],
  ['never', Number.POSITIVE_INFINITY],
])('a keep-alive of %s is %d milliseconds', (text, milliseconds) => {
  expect(loadConfig({ keepAliveMs: text }, {}).config.keepAliveMs).toBe(milliseconds)
})

test.each([
  ['512MiB', 2 ** 29],
  ['1.5G', 1.5 * 2 ** 30],
  ['2 tb', 2 ** 41],
])('a memory of %s is %d bytes', (text, bytes) => {
  expect(loadConfig({ memoryBytes: text }, {}).config.memoryBytes).toBe(bytes)
})

test('a secret that is refused is not shown', () => {
  expect(() => loadConfig({}, { HTTPS_PROXY: 'my-secret' })).toThrow(/^HTTPS_PROXY is not usable/)
})

test('a model’s process, and the one that asks the keychain, get no key and no token', () => {
  const secrets = { DUOLOGUE_KEYS: 'k', DUOLOGUE_MASTER_KEY: 'm', HF_TOKEN: 't', ANTHROPIC_API_KEY: 'a' }
  const environment = { PATH: '/bin', ...secrets }
  expect(engineEnvironment(environment)).toEqual({ PATH: '/bin' })
  const session = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus' }
  expect(keychainEnvironment({ ...environment, ...session })).toEqual({ PATH: '/bin', ...session })
})

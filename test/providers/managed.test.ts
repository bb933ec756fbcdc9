import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { ModelError } from '../../src/core/errors.ts'
import type { ModelEvent } from '../../src/core/events.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { Secret } from '../../src/core/secret.ts'
import { createProvider } from '../../src/providers/create-provider.ts'
import { becomesFree } from '../../src/providers/managed/ports.ts'
import { createOutbound } from '../../src/providers/outbound.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { fakeCommand, provideManaged } from '../support/managed-provider.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import { canary, never, request, tell } from './ask.ts'

/** What the fake engine says of itself. */
interface Said {
  readonly processId: number
  readonly childId?: number
  readonly environment: Readonly<Record<string, string>>
}

function saying(text: string): ModelRequest {
  return { ...request, messages: [{ role: 'user', content: [{ type: 'text', text }] }] }
}

function saidIn(events: readonly ModelEvent[]): Said {
  return JSON.parse(events.map(event => (event.type === 'text-delta' ? event.text : '')).join('')) as Said
}

async function ask({ backend }: Provider, text = 'Hello'): Promise<Said> {
  const { events, failure } = await tell(backend.stream(saying(text), never))
  if (failure !== undefined) throw failure
  return saidIn(events)
}

async function failureOf(work: Promise<unknown>): Promise<ModelError> {
  const failure: unknown = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  if (failure instanceof ModelError) return failure
  throw failure
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

async function gone(processId: number): Promise<void> {
  while (isAlive(processId)) await delay(10)
}

test('requests at once start one program, at a port of its own', async () => {
  const { provider, news } = provideManaged({})
  const said = await Promise.all([ask(provider), ask(provider), ask(provider)])
  expect(new Set(said.map(({ processId }) => processId)).size).toBe(1)
  expect(news.filter(({ type }) => type === 'starting')).toHaveLength(1)
})

test('a request that must stay starts the program as any other does', async () => {
  const { provider, news } = provideManaged({})
  const { homebound } = provider.backend
  if (!homebound) return expect.unreachable('it is local')
  await ask({ ...provider, backend: homebound })
  expect(news.filter(({ type }) => type === 'starting')).toHaveLength(1)
})

test('two providers of the same kind run beside each other', async () => {
  const [one, other] = [provideManaged({ id: 'one' }), provideManaged({ id: 'other' })]
  const said = await Promise.all([ask(one.provider), ask(other.provider)])
  expect(said[0]?.processId).not.toBe(said[1]?.processId)
})

test('a program that takes its time is waited for, and said to be loading meanwhile', async () => {
  const { provider, heard } = provideManaged({ command: fakeCommand('--unwell-ms', '400') })
  expect(provider.backend.outlook?.('m-1')?.state).toBeUndefined()
  const asked = ask(provider)
  await heard('starting')
  expect(provider.backend.outlook?.('m-1')?.state).toBe('loading')
  await asked
  expect(provider.backend.outlook?.('m-1')?.state).toBe('ready')
})

test('a look at its models starts nothing, and a check does', async () => {
  const { provider, news } = provideManaged({ models: [{ id: 'known' }] })
  expect((await provider.models(never)).map(({ id }) => id)).toEqual(['known'])
  expect(news).toEqual([])
  expect((await provider.check(never)).map(({ id }) => id)).toEqual(['m-1', 'known'])
  expect((await provider.models(never)).map(({ id }) => id)).toEqual(['m-1', 'known'])
})

test('without requests it is stopped, and the next one starts it again', async () => {
  const { provider, heard } = provideManaged({ command: { ...fakeCommand(), idleMs: 20 } })
  const first = await ask(provider)
  expect(await heard('stopped')).toMatchObject({ why: 'idle' })
  expect(isAlive(first.processId)).toBe(false)
  expect((await ask(provider)).processId).not.toBe(first.processId)
})

test('while an answer is read it is not stopped, however slow the reader is', async () => {
  const { provider, news, heard } = provideManaged({ command: { ...fakeCommand(), idleMs: 1 } })
  const answer = provider.backend.stream(saying('please wait'), never)[Symbol.asyncIterator]()
  await answer.next()
  await delay(100)
  expect(news.some(({ type }) => type === 'stopped')).toBe(false)
  await answer.return?.()
  expect(await heard('stopped')).toMatchObject({ why: 'idle' })
})

test('one that ends before it is ready is told in our own words, and what it wrote goes to the log without secrets', async () => {
  const says = `no weights at hand for ${canary}`
  const command = fakeCommand('--says', says, '--exit-with', '3')
  const { provider, heard } = provideManaged({ command, key: new Secret(canary) })
  const failure = await failureOf(ask(provider))
  expect(failure.kind).toBe('unavailable')
  expect(failure.message).toBe('the engine mine ended with exit status 3; duologue engine logs mine shows what it said')
  expect(String(failure.cause)).toContain('no weights at hand for [secret]')
  expect(await heard('failed')).toMatchObject({ lastWords: 'no weights at hand for [secret]' })
})

test('a program that is not there is named', async () => {
  const { provider } = provideManaged({ command: { program: 'no-such-engine', arguments: ['{port}'] } })
  expect((await failureOf(ask(provider))).message).toContain('did not start: there is no program "no-such-engine"')
})

test('one that is never well is ended when its time is over', async () => {
  const command = { ...fakeCommand('--unwell-ms', '600000', '--has-child'), startMs: 600 }
  const { provider, heard } = provideManaged({ command })
  const { port } = await Promise.all([heard('starting'), failureOf(ask(provider))]).then(([news, failure]) => {
    expect(failure.message).toContain('was not ready within 0.6 s (command.start)')
    return news
  })
  expect(await becomesFree({ host: '127.0.0.1', port }, 0)).toBe(true)
})

test('one that ends within an answer fails that answer, and is started for the next', async () => {
  const { provider, heard } = provideManaged({})
  const { failure, events } = await tell(provider.backend.stream(saying('please crash'), never))
  expect(failure).toMatchObject({ kind: 'unavailable', isWorthRepeating: true })
  expect((failure as Error).message).toContain('the engine ended before the answer did')
  expect(await heard('crashed')).toMatchObject({ code: 3 })
  expect((await ask(provider)).processId).not.toBe(saidIn(events).processId)
})

test('one that somebody killed is started again', async () => {
  const { provider, heard } = provideManaged({})
  const { processId } = await ask(provider)
  process.kill(processId, 'SIGKILL')
  expect(await heard('crashed')).toMatchObject({ signal: 'SIGKILL' })
  expect((await ask(provider)).processId).not.toBe(processId)
})

test('one that keeps failing rests, and whoever asks is told for how long', async () => {
  const patience = { waitsMs: [0, 10], restMs: 60_000 }
  const { provider, news } = provideManaged({ command: fakeCommand('--exit-with', '1') }, { patience })
  for (const _ of [1, 2, 3]) await failureOf(ask(provider))
  const failure = await failureOf(ask(provider))
  expect(failure.message).toMatch(/^the engine mine failed 3 times in a row and rests for (60|59) s more$/)
  expect(failure.retryAfterMs).toBeGreaterThan(50_000)
  expect(news.filter(({ type }) => type === 'starting')).toHaveLength(3)
  expect(provider.backend.outlook?.('m-1')?.state).toBe('unavailable')
})

test('one that does not answer and is not well either is ended, and started for the next request', async () => {
  const { provider, heard } = provideManaged({ timeouts: { firstTokenMs: 200 } })
  const { processId } = await ask(provider)
  expect((await failureOf(ask(provider, 'please hang'))).kind).toBe('timeout')
  expect(await heard('stopped')).toMatchObject({ why: 'hung' })
  expect((await ask(provider)).processId).not.toBe(processId)
})

test('one that does not want to end is ended with all that it started', async () => {
  const command = { ...fakeCommand('--ignores-term', '--has-child'), idleMs: 1 }
  const { provider, heard } = provideManaged({ command }, { patience: { graceMs: 100 } })
  const { processId, childId = 0 } = await ask(provider)
  await heard('stopped')
  expect(isAlive(processId)).toBe(false)
  await gone(childId)
})

test('what one started ends with it, although it ends by itself', async () => {
  const { provider, heard } = provideManaged({ command: fakeCommand('--has-child') })
  const { childId = 0 } = await ask(provider)
  await tell(provider.backend.stream(saying('please crash'), never))
  await heard('crashed')
  await gone(childId)
  expect(isAlive(childId)).toBe(false)
})

test('a server that is killed takes its engines with it', async () => {
  const { program, arguments: words } = fakeCommand('--ignores-term')
  const script = fileURLToPath(new URL('../support/engine-owner.ts', import.meta.url))
  const server = spawn(process.execPath, [script, program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(server.stdout.setEncoding('utf8'), 'data')) as [string]
  const processId = Number(line)
  expect(isAlive(processId)).toBe(true)
  server.kill('SIGKILL')
  await gone(processId)
})

test('where something else answers at its port, nothing is started and nothing sent there', async () => {
  await using stranger = await startUpstream({ body: {} })
  const { provider, news } = provideManaged({ url: stranger.origin }, { patience: { portMs: 0 } })
  expect((await failureOf(ask(provider))).message).toContain('something else answers at port')
  expect(stranger.seen).toEqual([])
  expect(news).toEqual([])
})

test('it gets what its owner set and what programs need, and nothing else of ours', async () => {
  const environment = { PATH: process.env['PATH'], HOME: '/home/me', OPENAI_API_KEY: canary, DUOLOGUE_KEY: canary }
  const command = { ...fakeCommand(), environment: { SIZE: 'small', PLACE: 'at {port}' } }
  const { provider, heard } = provideManaged({ command, key: new Secret('its-own-key') }, { environment })
  const said = await ask(provider)
  const { port } = await heard('starting')
  expect(said.environment).toMatchObject({ HOME: '/home/me', SIZE: 'small', PLACE: `at ${port}` })
  expect(said.environment['LLAMA_API_KEY']).toBe('its-own-key')
  expect(JSON.stringify(said.environment)).not.toContain(canary)
})

test('a client that leaves while it starts leaves it to the others', async () => {
  const { provider, heard } = provideManaged({ command: fakeCommand('--unwell-ms', '300') })
  const leaving = new AbortController()
  const left = tell(provider.backend.stream(request, leaving.signal))
  const stayed = ask(provider)
  await heard('starting')
  leaving.abort()
  expect((await left).failure).toMatchObject({ kind: 'aborted' })
  expect(await stayed).toHaveProperty('processId')
})

test('a provider that is closed ends its answers first, then its program, and starts it no more', async () => {
  const { provider, news, heard } = provideManaged({})
  const answer = provider.backend.stream(saying('please wait'), never)[Symbol.asyncIterator]()
  await answer.next()
  provider.close()
  expect(news.some(({ type }) => type === 'stopped')).toBe(false)
  await answer.return?.()
  expect(await heard('stopped')).toMatchObject({ why: 'closed' })
  expect((await failureOf(ask(provider))).message).toContain('is no longer set up')
})

test('a provider that is closed while its program starts leaves none behind', async () => {
  const { provider, heard } = provideManaged({ command: fakeCommand('--unwell-ms', '600000') })
  const leaving = new AbortController()
  const left = tell(provider.backend.stream(request, leaving.signal))
  const line = await heard('line')
  expect(line.line).toMatch(/^listens at \d+$/)
  leaving.abort()
  await left
  provider.close()
  const port = Number(line.line.split(' ').at(-1))
  expect(await becomesFree({ host: '127.0.0.1', port }, 10_000)).toBe(true)
})

test('what it writes is kept for people, without secrets', async () => {
  const logFolder = join(await mkdtemp(join(tmpdir(), 'duologue-')), 'engines')
  onTestFinished(() => rm(logFolder, { recursive: true }))
  const command = {
    ...fakeCommand('--says', 'the password is open-sesame'),
    environment: { DB_PASSWORD: 'open-sesame' },
  }
  const { provider, heard } = provideManaged({ command }, { logFolder })
  await ask(provider)
  expect(provider.engine?.log[0]).toBe('the password is [secret]')
  provider.close()
  await heard('stopped')
  const read = async () => readFile(join(logFolder, 'mine.log'), 'utf8').catch(() => '')
  await expect.poll(read).toMatch(/^\[duologue\] starts it at port \d+\nthe password is \[secret\]\n[^]*it was stopped/)
})

test('one is local where its kind is a local engine, unless its owner says otherwise', () => {
  const isLocal = (settings: Parameters<typeof provideManaged>[0]): boolean =>
    provideManaged(settings).provider.backend.isLocal
  expect(isLocal({ kind: 'vllm' })).toBe(true)
  expect(isLocal({ kind: 'vllm', isLocal: false })).toBe(false)
  expect(isLocal({ kind: 'openai-compatible' })).toBe(false)
  expect(isLocal({ kind: 'openai-compatible', isLocal: true })).toBe(true)
})

test.each([
  ['an address elsewhere', { url: 'http://10.0.0.5:8000' }],
  ['no address', { kind: 'openai-compatible', command: { program: 'x', arguments: [] } }],
  ['the address of a cloud', { kind: 'anthropic', command: { program: 'x', arguments: [] } }],
])('a command with %s is refused', (_, settings) => {
  const make = () =>
    createProvider(
      { id: 'mine', kind: 'vllm', command: fakeCommand(), ...settings },
      { outbound: createOutbound(), now: () => 0 },
    )
  expect(make).toThrow('provider mine: what a command starts must answer on this machine')
})

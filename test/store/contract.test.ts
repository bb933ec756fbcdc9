import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { Secret } from '../../src/core/secret.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store, StoreOptions } from '../../src/store/open-store.ts'
import type { KeptResponse } from '../../src/store/tables/kept-response.ts'
import { startPostgres } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'

const masterKey = 'ab'.repeat(32)

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-store-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

type NewPlace = () => Promise<StoreOptions>

const places: readonly (readonly [string, NewPlace])[] = [
  ['SQLite', async () => ({ dataDirectory: await newFolder(), masterKey, now: () => 5 })],
  [
    'Postgres',
    async () => ({
      dataDirectory: await newFolder(),
      databaseUrl: await server.database(),
      masterKey,
      now: () => 5,
    }),
  ],
]

const anthropic: ProviderSettings = {
  id: 'anthropic',
  kind: 'anthropic',
  url: 'https://api.anthropic.com',
  key: new Secret('sk-canary-1'),
  headers: { 'x-team': new Secret('canary-2') },
  protocol: 'anthropic-messages',
  models: [{ id: 'claude-fable-5-2', capabilities: { tools: true }, prices: { input: 3, output: 15 } }],
  timeouts: { connectMs: 1000, totalMs: 60_000 },
  checkEveryMs: 'never',
}

const mlx: ProviderSettings = {
  id: 'mlx',
  kind: 'mlx',
  isLocal: true,
  command: { program: 'mlx_lm.server', arguments: ['--port', '8080'], environment: { HF_TOKEN: 'canary-3' } },
}

function rule(name: string): RouteRule {
  return { name, match: { model: { type: 'glob', text: `${name}-*` } }, targets: [{ provider: 'anthropic' }] }
}

function response(id: string): KeptResponse {
  const input = [{ type: 'message', role: 'user', content: `Hi\u0000 ${id}` }]
  return { id, owner: 'laptop', isLocalOnly: false, input, response: { id, output: [] } }
}

function asking(owner: string, makeRoom: (bytes: number) => void = () => {}) {
  return { owner, makeRoom }
}

const laptop = asking('laptop')

/** Settings with their secrets as texts, to be compared. */
function told({ key, headers = {}, ...settings }: ProviderSettings): object {
  const texts = Object.entries(headers).map(([name, secret]) => [name, secret.reveal()] as const)
  return { ...settings, key: key?.reveal(), headers: Object.fromEntries(texts) }
}

describe.each(places)('over %s', (_, newPlace) => {
  async function open(options?: StoreOptions): Promise<Store> {
    const store = await openStore(options ?? (await newPlace()))
    onTestFinished(() => store.close())
    return store
  }

  async function names(store: Store): Promise<readonly string[]> {
    return (await store.routes.list()).items.map(({ name }) => name)
  }

  test('a provider is given back whole, also by the next program that opens the store', async () => {
    const place = await newPlace()
    const first = await openStore(place)
    await first.providers.put(anthropic)
    await first.providers.put(mlx)
    await first.close()
    const store = await open(place)
    const { items, damaged } = await store.providers.list()
    expect(items.map(told)).toEqual([told(anthropic), told(mlx)])
    expect(damaged).toEqual([])
    expect(told((await store.providers.get('mlx')) ?? anthropic)).toEqual(told(mlx))
    expect(await store.providers.get('nobody')).toBeUndefined()
  })

  test('a provider that is put again replaces the old one, with its secrets', async () => {
    const store = await open()
    await store.providers.put(anthropic)
    await store.providers.put({ id: 'anthropic', kind: 'openai-compatible', url: 'http://127.0.0.1:1' })
    expect((await store.providers.list()).items).toEqual([
      { id: 'anthropic', kind: 'openai-compatible', url: 'http://127.0.0.1:1' },
    ])
    expect(await store.credentials.list()).toEqual([])
  })

  test('a provider that is removed leaves no secret', async () => {
    const store = await open()
    await store.providers.put(anthropic)
    expect(await store.providers.remove('anthropic')).toBe(true)
    expect(await store.providers.remove('anthropic')).toBe(false)
    expect(await store.credentials.list()).toEqual([])
  })

  test('a secret is set, told of and removed by itself', async () => {
    const store = await open()
    await store.providers.put(mlx)
    await store.credentials.put({ provider: 'mlx', name: 'key', secret: new Secret('k2') })
    expect((await store.providers.get('mlx'))?.key?.reveal()).toBe('k2')
    const listed = await store.credentials.list()
    expect(listed.map(({ name, changedAt }) => [name, changedAt])).toEqual([
      ['environment:HF_TOKEN', 5],
      ['key', 5],
    ])
    expect(await store.credentials.remove('mlx', 'key')).toBe(true)
    expect(await store.credentials.remove('mlx', 'key')).toBe(false)
    expect((await store.providers.get('mlx'))?.key).toBeUndefined()
  })

  test('a secret belongs to a provider that is there', async () => {
    const store = await open()
    const put = store.credentials.put({ provider: 'nobody', name: 'key', secret: new Secret('k') })
    await expect(put).rejects.toMatchObject({ kind: 'not-found', message: expect.stringContaining('"nobody"') })
  })

  test.each([
    [{ ...anthropic, id: 'local' }, /id is not/],
    [{ ...anthropic, id: 'Two words' }, /id is not/],
    [{ ...anthropic, url: 'file:///etc/passwd' }, /url is not/],
    [{ ...anthropic, url: 'https://me:password@example.com' }, /url is not/],
    [{ ...anthropic, timeouts: { totalMs: -1 } }, /timeouts.totalMs is not/],
    [{ ...anthropic, checkEveryMs: 10 }, /checkEveryMs is not/],
    [{ ...anthropic, headers: { 'x\r\ny': new Secret('v') } }, /name of a secret/],
    [{ ...anthropic, key: new Secret('k'.repeat(20_000)) }, /larger than allowed/],
  ])(
    'settings that could not be used again are refused, and nothing is kept of them: %#',
    async (settings, message) => {
      const store = await open()
      await expect(store.providers.put(settings)).rejects.toMatchObject({
        kind: 'invalid-request',
        message: expect.stringMatching(message),
      })
      expect((await store.providers.list()).items).toEqual([])
    },
  )

  test('rules keep their order; one that is put again keeps its place', async () => {
    const store = await open()
    for (const name of ['a', 'b', 'c']) await store.routes.put(rule(name))
    await store.routes.put({ ...rule('b'), isLocalOnly: true })
    await store.routes.put(rule('d'), 1)
    expect(await names(store)).toEqual(['d', 'a', 'b', 'c'])
    expect((await store.routes.list()).items[2]).toEqual({ ...rule('b'), isLocalOnly: true })
  })

  test('a rule is moved and removed by name', async () => {
    const store = await open()
    for (const name of ['a', 'b', 'c']) await store.routes.put(rule(name))
    await store.routes.move('c', 1)
    await store.routes.move('a', 99)
    expect(await names(store)).toEqual(['c', 'b', 'a'])
    await expect(store.routes.move('z', 1)).rejects.toMatchObject({ kind: 'not-found' })
    expect([await store.routes.remove('b'), await store.routes.remove('b')]).toEqual([true, false])
    expect(await names(store)).toEqual(['c', 'a'])
  })

  test('whatever is put, moved and removed, the order is that of a list', async () => {
    const store = await open()
    const name = fc.constantFrom('a', 'b', 'c', 'd')
    const step = fc.record({ name, position: fc.option(fc.integer({ min: 1, max: 6 })), isRemoved: fc.boolean() })
    let expected: readonly string[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async steps => {
        for (const { name, position, isRemoved } of steps) {
          const others = expected.filter(other => other !== name)
          if (isRemoved) await store.routes.remove(name)
          else await store.routes.put(rule(name), position ?? undefined)
          if (isRemoved) expected = others
          else if (position !== null) expected = others.toSpliced(position - 1, 0, name)
          else if (!expected.includes(name)) expected = [...others, name]
        }
        expect(await names(store)).toEqual(expected)
      }),
      { numRuns: 15 },
    )
  })

  test('aliases are kept by their pattern', async () => {
    const store = await open()
    await store.aliases.put({ alias: { type: 'glob', text: 'claude-*' }, model: 'qwen' })
    await store.aliases.put({ alias: { type: 'exact', text: 'gpt-5' }, model: 'qwen' })
    await store.aliases.put({ alias: { type: 'glob', text: 'claude-*' }, model: 'gemma' })
    expect((await store.aliases.list()).items).toEqual([
      { alias: { type: 'exact', text: 'gpt-5' }, model: 'qwen' },
      { alias: { type: 'glob', text: 'claude-*' }, model: 'gemma' },
    ])
    expect(await store.aliases.remove({ type: 'exact', text: 'gpt-5' })).toBe(true)
    expect((await store.aliases.list()).items).toHaveLength(1)
  })

  test('attempts are told the latest first, and by request', async () => {
    const store = await open()
    const attempt = { provider: 'anthropic', model: 'm', durationMs: 12 }
    store.attempts.note({ ...attempt, requestId: 'one', number: 1, at: 1, failure: 'overloaded' })
    store.attempts.note({ ...attempt, requestId: 'one', number: 2, at: 2 })
    store.attempts.note({ ...attempt, requestId: 'two', number: 1, at: 3 })
    await store.attempts.flush()
    const { items } = await store.attempts.list()
    expect(items.map(({ requestId, number }) => [requestId, number])).toEqual([
      ['two', 1],
      ['one', 2],
      ['one', 1],
    ])
    expect((await store.attempts.list({ requestId: 'one' })).items).toEqual([
      { ...attempt, requestId: 'one', number: 2, at: 2 },
      { ...attempt, requestId: 'one', number: 1, at: 1, failure: 'overloaded' },
    ])
    expect((await store.attempts.list({ limit: 1 })).items).toHaveLength(1)
    store.attempts.note({ ...attempt, requestId: 'three', number: 1, at: 4, provider: 'other' })
    await store.attempts.flush()
    const of = async (wanted: Parameters<typeof store.attempts.list>[0]) =>
      (await store.attempts.list(wanted)).items.map(({ requestId }) => requestId)
    expect(await of({ provider: 'other' })).toEqual(['three'])
    expect(await of({ provider: attempt.provider, model: attempt.model })).toEqual(['two', 'one', 'one'])
    expect(await of({ provider: 'other', requestId: 'one' })).toEqual([])
    expect(await of({ model: "' or 1=1 --\0" })).toEqual([])
  })

  test('attempts that wait when the store is closed are written', async () => {
    const place = await newPlace()
    const first = await openStore(place)
    first.attempts.note({ requestId: 'r', number: 1, at: 1, provider: 'p', model: 'a\0b'.repeat(500), durationMs: -3 })
    await first.close()
    const { items } = await (await open(place)).attempts.list()
    expect(items).toMatchObject([{ requestId: 'r', durationMs: 0, model: expect.stringMatching(/^(ab){80,}a?$/) }])
  })

  test('old attempts and those beyond the limit are forgotten', async () => {
    const place = await newPlace()
    const store = await open({ ...place, now: () => 1000, attempts: { mostRows: 3, mostAgeMs: 500 } })
    for (let at = 400; at < 1000; at += 50) {
      store.attempts.note({ requestId: `r${at}`, number: 1, at, provider: 'p', model: 'm', durationMs: 0 })
    }
    await store.attempts.flush()
    expect((await store.attempts.list()).items.map(({ at }) => at)).toEqual([950, 900, 850])
  })

  test('responses are found by their owner alone, with all that they go back to', async () => {
    const store = await open()
    await store.responses.keep(response('resp_1'))
    await store.responses.keep({ ...response('resp_2'), previousId: 'resp_1', isLocalOnly: true })
    expect(await store.responses.find('resp_2', laptop)).toEqual({
      ...response('resp_2'),
      previousId: 'resp_1',
      isLocalOnly: true,
    })
    expect((await store.responses.chain('resp_2', laptop))?.map(({ id }) => id)).toEqual(['resp_1', 'resp_2'])
    for (const stranger of ['phone', '']) {
      expect(await store.responses.find('resp_2', asking(stranger))).toBeUndefined()
      expect(await store.responses.chain('resp_2', asking(stranger))).toBeUndefined()
      expect(await store.responses.remove('resp_2', stranger)).toBe(false)
    }
    expect(await store.responses.remove('resp_1', 'laptop')).toBe(true)
    expect(await store.responses.chain('resp_2', laptop)).toBeUndefined()
    for (const wrong of ['resp_\0', 'resp_2\0', '\0resp_2', 'resp_2\ud800', 'resp_2 ', '']) {
      expect(await store.responses.find(wrong, laptop)).toBeUndefined()
      expect(await store.responses.chain(wrong, laptop)).toBeUndefined()
      expect(await store.responses.remove(wrong, 'laptop')).toBe(false)
    }
  })

  test('items are found in the last response that was kept with them, until it is forgotten', async () => {
    const store = await open()
    const many = Array.from({ length: 1000 }, (_, at) => `item-${at}`)
    await store.responses.keep(response('resp_1'), ['ws_0', 'ws_1', ...many, 'ws_1', 'a\0', 'x'.repeat(300), '\ud800'])
    await store.responses.keep(response('resp_2'), ['ws_1'])
    const holders = (...itemIds: string[]) => store.responses.holders({ owner: 'laptop', itemIds })
    expect(await holders('ws_1')).toEqual(['resp_2'])
    expect((await holders(...many)).concat(await holders('ws_0', 'a\0', 'a'))).toEqual(['resp_1'])
    expect(await store.responses.holders({ owner: 'phone', itemIds: ['ws_1'] })).toEqual([])
    await store.responses.remove('resp_2', 'laptop')
    expect(await holders('ws_1')).toEqual([])
  })

  test('a chain that another’s response is put under is nobody’s', async () => {
    const store = await open()
    await store.responses.keep({ ...response('resp_1'), owner: 'phone' })
    await store.responses.keep({ ...response('resp_2'), previousId: 'resp_1' })
    expect(await store.responses.chain('resp_2', laptop)).toBeUndefined()
  })

  test('a conversation of more responses than a request could send is refused', async () => {
    const store = await open()
    const links = Array.from({ length: 1002 }, (_, at) => ({
      ...response(`resp_${at}`),
      ...(at > 0 && { previousId: `resp_${at - 1}` }),
    }))
    await Promise.all(links.map(link => store.responses.keep(link)))
    expect(await store.responses.chain('resp_999', laptop)).toHaveLength(1000)
    await expect(store.responses.chain('resp_1001', laptop)).rejects.toMatchObject({ kind: 'too-large' })
  })

  /** Forgets all that is due, and gives the ids that are left of those of one letter. */
  async function left(store: Store): Promise<string> {
    while (await store.responses.prune());
    const kept = await store.responses.findAll(['a', 'b', 'c', 'd', 'e'], laptop)
    return kept
      .map(({ id }) => id)
      .toSorted()
      .join('')
  }

  test('responses are read only where there is room for all of them', async () => {
    const store = await open()
    await store.responses.keep(response('a'))
    await store.responses.keep({ ...response('b'), previousId: 'a' })
    const wanted: number[] = []
    const kept = await store.responses.chain(
      'b',
      asking('laptop', bytes => wanted.push(bytes)),
    )
    const texts = kept?.flatMap(({ input, response }) => [JSON.stringify(input), JSON.stringify(response)]) ?? []
    expect(wanted).toEqual([Buffer.byteLength(texts.join(''))])
    const full = asking('laptop', () => {
      throw new Error('full')
    })
    await expect(store.responses.chain('b', full)).rejects.toThrow('full')
    await expect(store.responses.findAll(['a'], full)).rejects.toThrow('full')
    await expect(store.responses.find('a', full)).rejects.toThrow('full')
  })

  test('a conversation of more bytes than a request could send is refused', async () => {
    const store = await open()
    const input = [{ type: 'message', role: 'user', content: 'x'.repeat(32 * 1024 * 1024) }]
    await store.responses.keep({ ...response('a'), input })
    await store.responses.keep({ ...response('b'), previousId: 'a' })
    expect(await store.responses.chain('a', laptop)).toHaveLength(1)
    await expect(store.responses.chain('b', laptop)).rejects.toMatchObject({
      kind: 'too-large',
      message: expect.stringMatching(/more than 1000, or more than 32 MiB together/),
    })
  })

  test('responses that were not used for longest are forgotten, and those of a conversation in use are not', async () => {
    let now = 0
    const place = { ...(await newPlace()), now: () => now }
    const store = await open({ ...place, responses: { mostRows: 3, mostAgeMs: 300_000, mostBytes: 9850 } })
    for (const id of ['a', 'b', 'c']) await store.responses.keep({ ...response(id) })
    now = 100_000
    await store.responses.renew(['a'])
    now = 200_000
    await store.responses.keep(response('d'))
    expect(await left(store)).toMatch(/^a[bc]d$/)
    now = 350_000
    await store.responses.keep({ ...response('e'), input: [{ text: 'x'.repeat(9800) }] })
    expect(await left(store)).toBe('e')
  })

  test('a response whose time is over is not there, also before it is deleted', async () => {
    let now = 0
    const store = await open({ ...(await newPlace()), now: () => now, responses: { mostAgeMs: 100 } })
    for (const id of ['a', 'b']) await store.responses.keep(response(id))
    await store.responses.keep({ ...response('c'), previousId: 'b' })
    now = 99
    expect(await store.responses.find('c', laptop)).toBeDefined()
    now = 100
    expect(await store.responses.find('a', laptop)).toBeUndefined()
    expect(await store.responses.findAll(['a'], laptop)).toEqual([])
    expect(await store.responses.chain('a', laptop)).toBeUndefined()
    expect(await store.responses.chain('c', laptop)).toBeUndefined()
  })

  test('where no response is to be kept, those that are there are deleted, whatever the clock says', async () => {
    const place = await newPlace()
    const keeping = await open(place)
    for (let count = 0; count < 120; count += 1) await keeping.responses.keep(response(`resp_${count}`))
    const forgetting = await open({ ...place, now: () => 0, responses: { mostAgeMs: 0 } })
    while (await forgetting.responses.prune());
    expect(await keeping.responses.find('resp_7', laptop)).toBeUndefined()
  })

  test('what another program changes is told', async () => {
    const place = await newPlace()
    const serving = await open(place)
    const told = Promise.withResolvers<void>()
    const stop = await serving.changes.watch(() => told.resolve())
    await (await open(place)).routes.put(rule('a'))
    await told.promise
    expect((await serving.snapshot()).routes).toEqual([rule('a')])
    stop()
  })

  test('changes that many make at once all hold', async () => {
    const place = await newPlace()
    const stores = [await open(place), await open(place), await open(place)]
    const wanted = Array.from({ length: 30 }, (_, index) => `r${index}`)
    await Promise.all(stores.flatMap(store => wanted.map(name => store.routes.put(rule(name)))))
    const { items } = await (await open(place)).routes.list()
    expect(items.map(({ name }) => name).toSorted()).toEqual(wanted.toSorted())
  })

  test('programs that open a new store at once all can use it', async () => {
    const place = await newPlace()
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(place)))
    await stores[0]?.providers.put(anthropic)
    for (const store of stores) expect((await store.providers.list()).items).toHaveLength(1)
  })

  test('another master key is refused with a word of advice, and changes nothing', async () => {
    const place = await newPlace()
    await (await open(place)).providers.put(anthropic)
    const opening = openStore({ ...place, masterKey: 'cd'.repeat(32) })
    await expect(opening).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/sealed with the master key [0-9a-f]{12}, and the one given is [0-9a-f]{12}/),
    })
    expect((await (await open(place)).providers.get('anthropic'))?.key?.reveal()).toBe('sk-canary-1')
  })

  test('the master key is changed while others serve, as long as they know both', async () => {
    const place = await newPlace()
    const next = 'ef'.repeat(32)
    const serving = await open({ ...place, masterKey: `${masterKey},${next}` })
    const behind = await open(place)
    await serving.providers.put(anthropic)
    const { secrets } = await (await open({ ...place, masterKey: `${next},${masterKey}` })).rotateMasterKey()
    expect(secrets).toBe(2)
    expect((await serving.providers.get('anthropic'))?.key?.reveal()).toBe('sk-canary-1')
    await serving.providers.put({ ...anthropic, key: new Secret('sk-3') })
    await expect(behind.snapshot()).rejects.toThrow(/sealed with the master key \w{12}, and the one given is/)
    expect((await (await open({ ...place, masterKey: next })).providers.get('anthropic'))?.key?.reveal()).toBe('sk-3')
    await expect(openStore({ ...place, masterKey })).rejects.toMatchObject({ kind: 'conflict' })
  })

  test('changing the master key to itself is refused', async () => {
    const store = await open()
    await store.providers.put(anthropic)
    await expect(store.rotateMasterKey()).rejects.toThrow(/put the new key before the old one/)
  })
})

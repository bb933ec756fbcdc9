import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { moveMasterKey } from '../../src/store/move-master-key.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store, StoreOptions } from '../../src/store/open-store.ts'
import { Keychain } from '../../src/store/secrets/keychain.ts'
import { MasterKey } from '../../src/store/secrets/master-key.ts'
import { startKeychain } from '../support/keychain.ts'
import type { TestKeychain } from '../support/keychain.ts'

let keychain: TestKeychain
beforeAll(async () => {
  keychain = await startKeychain()
})
afterAll(() => keychain.stop())

const settings = { id: 'p', kind: 'anthropic', key: new Secret('canary-of-the-key') }

interface Place {
  /** The store with its key in the keychain. */
  readonly chain: StoreOptions
  /** The same one with its key in a file. */
  readonly file: StoreOptions
  readonly keyFile: string
}

async function newPlace(): Promise<Place> {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'duologue-chain-'))
  onTestFinished(() => rm(dataDirectory, { recursive: true, force: true }))
  const file = { dataDirectory, keychainEnvironment: keychain.environment, now: Date.now }
  return { file, chain: { ...file, masterKey: 'keychain' }, keyFile: path.join(dataDirectory, 'master.key') }
}

async function within<Result>(options: StoreOptions, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(options)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function keep(options: StoreOptions): Promise<string> {
  return within(options, async store => {
    await store.providers.put(settings)
    const [credential] = await store.credentials.list()
    return credential?.keyId ?? ''
  })
}

/** Has the process that asks the keychain run something first. */
async function preloading({ dataDirectory }: StoreOptions, text: string): Promise<Partial<StoreOptions>> {
  const file = path.join(dataDirectory, 'first.mjs')
  await writeFile(file, text)
  return { keychainEnvironment: { ...keychain.environment, NODE_OPTIONS: `--import=${pathToFileURL(file).href}` } }
}

const keyOf = (options: StoreOptions) => within(options, async store => (await store.providers.get('p'))?.key?.reveal())

/** Every file below a folder, with what is in it. */
async function contentsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.map(async file => [file, await readFile(file, 'hex')] as const)))
}

test('the key is made in the keychain with the first secret, is in no file, and is found after a restart', async () => {
  const { chain } = await newPlace()
  const id = await keep(chain)
  const text = (await keychain.find(id)) ?? ''
  expect(MasterKey.parse(text)?.id).toBe(id)
  const contents = await contentsOf(chain.dataDirectory)
  expect([...contents.keys()].filter(name => name.includes('master.key'))).toEqual([])
  const telling = [...contents.values()].filter(
    hex => hex.includes(text) || hex.includes(Buffer.from(text).toString('hex')),
  )
  expect(telling).toEqual([])
  await keychain.restart()
  expect(await keyOf(chain)).toBe('canary-of-the-key')
})

test('without a Secret Service all works but secrets, which are refused with what to do, and none is kept', async () => {
  const { chain } = await newPlace()
  await keychain.halt()
  onTestFinished(() => keychain.restart())
  await within(chain, async store => {
    await store.providers.put({ id: 'o', kind: 'ollama' })
    await expect(store.providers.put(settings)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/no Secret Service answers on D-Bus: .*keep the master key in a file instead/),
    })
    expect((await store.providers.list()).items.map(({ id }) => id)).toEqual(['o'])
  })
  expect(await readdir(chain.dataDirectory)).toEqual(['state'])
})

test('a locked keychain is told of, nothing is changed, and all is there when it is unlocked', async () => {
  const { chain } = await newPlace()
  await keep(chain)
  const before = await contentsOf(chain.dataDirectory)
  await keychain.restart('locked')
  onTestFinished(() => keychain.restart())
  await expect(openStore(chain)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('the keychain is locked'),
  })
  expect(await contentsOf(chain.dataDirectory)).toEqual(before)
  await keychain.restart()
  expect(await keyOf(chain)).toBe('canary-of-the-key')
})

test('another key under its name is refused, and neither it nor a file is changed', async () => {
  const { chain } = await newPlace()
  const id = await keep(chain)
  const right = (await keychain.find(id)) ?? ''
  await keychain.forget(id)
  await expect(openStore(chain)).rejects.toThrow(
    /sealed with the master key \w{12}, and there is none here: put it back/,
  )
  await keychain.plant(id, 'ab'.repeat(32))
  const before = await contentsOf(chain.dataDirectory)
  const refused = openStore(chain)
  await expect(refused).rejects.toMatchObject({ kind: 'conflict' })
  await expect(refused).rejects.toThrow(/and the one given is \w{12}/)
  await expect(refused).rejects.not.toThrow(/abab/)
  expect(await contentsOf(chain.dataDirectory)).toEqual(before)
  expect(await keychain.find(id)).toBe('ab'.repeat(32))
  await keychain.forget(id)
  await keychain.plant(id, right)
  expect(await keyOf(chain)).toBe('canary-of-the-key')
})

test('what is no key is refused and not shown', async () => {
  const { chain } = await newPlace()
  const id = await keep(chain)
  await keychain.forget(id)
  await keychain.plant(id, 'canary, not a key')
  await expect(openStore(chain)).rejects.toThrow(/"master key \w{12}" in the keychain holds no usable master key/)
  await expect(openStore(chain)).rejects.not.toThrow(/canary/)
})

test('a key moves from its file to the keychain and back, and all secrets stay readable', async () => {
  const { file, chain, keyFile } = await newPlace()
  const id = await keep(file)
  await expect(openStore(chain)).rejects.toThrow(/run: duologue providers move-key/)
  expect(await moveMasterKey(chain)).toEqual({ keyId: id, place: 'the keychain' })
  await expect(readFile(keyFile)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await keyOf(chain)).toBe('canary-of-the-key')
  await expect(openStore(file)).rejects.toThrow(/set DUOLOGUE_MASTER_KEY to the word keychain/)
  expect(await moveMasterKey(file)).toEqual({ keyId: id, place: keyFile })
  expect(await keychain.find(id)).toBeUndefined()
  expect(await keyOf(file)).toBe('canary-of-the-key')
})

test('a move that was ended between its two halves is finished by the next one', async () => {
  const { file, chain, keyFile } = await newPlace()
  const id = await keep(file)
  await keychain.plant(id, (await readFile(keyFile, 'utf8')).trim())
  expect(await keyOf(chain)).toBe('canary-of-the-key')
  expect(await moveMasterKey(chain)).toMatchObject({ keyId: id })
  await expect(readFile(keyFile)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await moveMasterKey(chain)).toEqual({ keyId: id, place: 'the keychain' })
  expect(await keyOf(chain)).toBe('canary-of-the-key')
})

test('a move to a keychain that is locked, or that holds something else under that name, leaves the file', async () => {
  const { file, chain, keyFile } = await newPlace()
  const id = await keep(file)
  const before = await readFile(keyFile, 'utf8')
  await keychain.plant(id, 'another’s')
  await expect(moveMasterKey(chain)).rejects.toMatchObject({ kind: 'conflict' })
  expect(await keychain.find(id)).toBe('another’s')
  await keychain.restart('locked')
  onTestFinished(() => keychain.restart())
  await expect(moveMasterKey(chain)).rejects.toMatchObject({ kind: 'unavailable' })
  expect(await readFile(keyFile, 'utf8')).toBe(before)
  expect(await keyOf(file)).toBe('canary-of-the-key')
})

test('a key that the owner gives, or that is nowhere, is not moved', async () => {
  const { file, chain, keyFile } = await newPlace()
  await expect(moveMasterKey(chain)).rejects.toThrow(/there is no secret yet/)
  await keep(file)
  await expect(moveMasterKey({ ...file, masterKey: 'ab'.repeat(32) })).rejects.toThrow(
    /only a key that it keeps itself/,
  )
  const text = await readFile(keyFile, 'utf8')
  await writeFile(keyFile, 'ab'.repeat(32))
  await expect(moveMasterKey(chain)).rejects.toThrow(/neither the keychain nor \S+master\.key has that one/)
  expect(await readFile(keyFile, 'utf8')).toBe('ab'.repeat(32))
  await writeFile(keyFile, text)
})

test('the key in the keychain is changed while another program serves, and the old one goes from it', async () => {
  const { chain } = await newPlace()
  const old = await keep(chain)
  await within(chain, async serving => {
    expect((await serving.providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
    const { keyId, secrets } = await within(chain, store => store.rotateMasterKey())
    expect(secrets).toBe(1)
    expect([await keychain.find(old), await keychain.find(keyId)]).toEqual([undefined, expect.any(String)])
    expect((await serving.providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
    // Locked meanwhile: what was read stays, and a key that is not here yet is not taken for damage.
    await within(chain, store => store.rotateMasterKey())
    await keychain.restart('locked')
    await expect(serving.snapshot()).rejects.toMatchObject({ kind: 'unavailable' })
    await keychain.restart()
    expect((await serving.snapshot()).damaged).toEqual([])
  })
})

test('a keychain that does not answer is waited for so long, and no longer', async () => {
  keychain.freeze()
  onTestFinished(() => keychain.restart())
  const impatient = new Keychain({ environment: keychain.environment, patienceMs: 200 })
  await expect(impatient.create()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('has not answered'),
  })
})

test('a key that cannot be removed from its old place is told of, and all secrets open', async () => {
  const { chain, file, keyFile } = await newPlace()
  const id = await keep(chain)
  const keyring = fileURLToPath(import.meta.resolve('@napi-rs/keyring'))
  const broken = await preloading(
    chain,
    `import { createRequire } from 'node:module'
     const { AsyncEntry } = createRequire(import.meta.url)(${JSON.stringify(keyring)})
     AsyncEntry.prototype.deleteCredential = () => Promise.reject(new Error('canary'))`,
  )
  const rotating = within({ ...chain, ...broken }, store => store.rotateMasterKey())
  await expect(rotating).rejects.toThrow(/sealed with the master key \w{12} now, and the old one could not be removed/)
  expect(await keychain.find(id)).toEqual(expect.any(String))
  expect(await keyOf(chain)).toBe('canary-of-the-key')
  const moving = moveMasterKey({ ...file, ...broken })
  await expect(moving).rejects.toThrow(`in ${keyFile} now, and could not be removed from the keychain: try again`)
  expect([await keyOf(chain), await keyOf(file)]).toEqual(['canary-of-the-key', 'canary-of-the-key'])
  expect(await moveMasterKey(file)).toMatchObject({ place: keyFile })
})

test('where the package is not installed, the error says so', async () => {
  const { chain } = await newPlace()
  const broken = await preloading(
    chain,
    `import { registerHooks } from 'node:module'
     registerHooks({ resolve(name, context, next) {
       if (name.startsWith('@napi-rs/')) throw Object.assign(new Error(), { code: 'ERR_MODULE_NOT_FOUND' })
       return next(name, context)
     } })`,
  )
  await expect(keep({ ...chain, ...broken })).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/@napi-rs\/keyring, is not installed: .*keep the master key in a file instead/),
  })
})

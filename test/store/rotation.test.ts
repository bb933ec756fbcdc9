import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store, StoreOptions } from '../../src/store/open-store.ts'
import { startKeychain } from '../support/keychain.ts'

const child = fileURLToPath(new URL('rotating-child.ts', import.meta.url))

async function newOptions(): Promise<StoreOptions> {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'duologue-rotation-'))
  onTestFinished(() => rm(dataDirectory, { recursive: true, force: true }))
  return { dataDirectory, now: Date.now }
}

/** A program that changes the master key again and again, once it has begun. */
async function startRotating(options: StoreOptions): Promise<ChildProcess> {
  const rotating = spawn(process.execPath, [child, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'ignore'] })
  await Promise.race([once(rotating.stdout, 'data'), once(rotating, 'exit')])
  return rotating
}

async function kill(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null) return
  const ended = once(program, 'exit')
  program.kill('SIGKILL')
  await ended
}

async function open(options: StoreOptions): Promise<Store> {
  const store = await openStore(options)
  onTestFinished(() => store.close())
  return store
}

interface Killing {
  readonly rounds: number
  /** How many at once. */
  readonly programs: number
}

async function killWhileRotating(options: StoreOptions, { rounds, programs }: Killing): Promise<number> {
  await (await open(options)).providers.put({ id: 'p', kind: 'openai', key: new Secret('canary') })
  const keys = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const running = await Promise.all(Array.from({ length: programs }, () => startRotating(options)))
    await pause(5 + ((round * 61) % 200))
    await Promise.all(running.map(kill))
    const store = await open(options)
    expect((await store.providers.get('p'))?.key?.reveal()).toBe('canary')
    for (const { keyId } of await store.credentials.list()) keys.add(keyId)
    await store.close()
  }
  return keys.size
}

test('whenever two programs are killed that change the key in its file, every secret opens; then one key is left', async () => {
  const options = await newOptions()
  expect(await killWhileRotating(options, { rounds: 4, programs: 2 })).toBeGreaterThan(1)
  const draft = path.join(options.dataDirectory, 'master.key.abc.draft')
  await writeFile(draft, 'ab'.repeat(32))
  await (await open(options)).rotateMasterKey()
  expect(await readFile(path.join(options.dataDirectory, 'master.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  await expect(readFile(draft)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('whenever a program is killed that changes the key in the keychain, every secret opens', async () => {
  const keychain = await startKeychain()
  onTestFinished(() => keychain.stop())
  const options = { ...(await newOptions()), masterKey: 'keychain', keychainEnvironment: keychain.environment }
  expect(await killWhileRotating(options, { rounds: 3, programs: 1 })).toBeGreaterThan(0)
})

import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NpmScript } from '../../test/support/scripted-npm.ts'
import { scriptedNpm } from '../../test/support/scripted-npm.ts'
import { ModelError } from '../core/errors.ts'
import { engineVersion } from './engine-packages.ts'
import { findNpm } from './find-npm.ts'
import type { ProvisionOptions } from './provision.ts'
import { provisionEngine } from './provision.ts'
import { installLocked } from './run-npm.ts'

let folder: string
let directory: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provision-'))
  directory = join(folder, 'engines')
})

afterEach(async () => rm(folder, { recursive: true, maxRetries: 5 }))

const installs: NpmScript = { does: 'install', platformPackages: ['linux-x64'], version: engineVersion }

async function optionsWith(script: NpmScript): Promise<ProvisionOptions> {
  const npm = await scriptedNpm(join(folder, 'npm'), script)
  return { directory, platform: 'linux', arch: 'x64', build: 'cpu', environment: { ...process.env, ...npm } }
}

async function calls(): Promise<number> {
  const text = await readFile(join(folder, 'npm', 'calls.txt'), 'utf8').catch(() => '')
  return text.split('\n').length - 1
}

async function failureOf(work: Promise<unknown>): Promise<ModelError> {
  const error: unknown = await work.catch((error: unknown) => error)
  if (error instanceof ModelError) return error
  throw new Error('this did not fail as it should', { cause: error })
}

describe('with the real npm', () => {
  test('the processor’s engine takes at most 120 MB, loads, and is there at once the next time', async () => {
    const options = { directory, platform: process.platform, arch: process.arch, build: 'cpu' } as const
    const engine = await provisionEngine({ ...options, environment: process.env })
    expect(await import(engine.entry)).toHaveProperty('getLlama')
    expect(await sizeOf(directory)).toBeLessThan(120e6)

    const noNpm = await scriptedNpm(join(folder, 'npm'), { does: 'fail', code: 'ENOTFOUND' })
    expect(await provisionEngine({ ...options, environment: noNpm })).toEqual(engine)
    expect(await calls()).toBe(0)
  })

  test('a package that is not the locked one is not installed', async () => {
    const dependencies = { bytes: '3.1.2' }
    const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`
    const packages = { '': { dependencies }, 'node_modules/bytes': { version: '3.1.2', integrity } }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ dependencies }))
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }))
    const { message } = await failureOf(installLocked({ folder, environment: process.env }))
    expect(message).toContain('not the one that Duologue was built with')
    expect(existsSync(join(folder, 'node_modules/bytes/package.json'))).toBe(false)
  })
})

test('an engine is installed once and found afterwards', async () => {
  const options = await optionsWith(installs)
  const first = await provisionEngine(options)
  expect(first.packageDirectory).toBe(
    join(directory, `node-llama-cpp-${engineVersion}-linux-x64`, 'node_modules', 'node-llama-cpp'),
  )
  expect(await import(first.entry)).toMatchObject({ isScripted: true })
  expect(await provisionEngine(options)).toEqual(first)
  expect(await calls()).toBe(1)
})

test('progress ends with done', async () => {
  const phases: string[] = []
  await provisionEngine({ ...(await optionsWith(installs)), onProgress: ({ phase }) => phases.push(phase) })
  expect([phases[0], phases.at(-1)]).toEqual(['installing', 'done'])
})

test('an engine without its binary is installed again', async () => {
  const options = await optionsWith(installs)
  const { packageDirectory } = await provisionEngine(options)
  await rm(join(packageDirectory, '..', '@node-llama-cpp', 'linux-x64', 'bins'), { recursive: true })
  await provisionEngine(options)
  expect(await calls()).toBe(2)
  expect(await readdir(directory)).toEqual([`node-llama-cpp-${engineVersion}-linux-x64`])
})

test('an engine of another version is not taken for ours', async () => {
  const options = await optionsWith({ ...installs, version: '3.0.0' })
  expect((await failureOf(provisionEngine(options))).message).toContain('incomplete')
  expect(await readdir(directory)).toEqual([])
})

test('processes that want an engine at the same time share one installation', async () => {
  const options = await optionsWith({ ...installs, afterMs: 500 })
  await Promise.all([inProcess(options), inProcess(options), inProcess(options)])
  expect(await calls()).toBe(1)
  expect(await readdir(directory)).toEqual([`node-llama-cpp-${engineVersion}-linux-x64`])
})

test('what a killed process left behind is taken over and cleared away', async () => {
  const hanging = await optionsWith({ does: 'hang' })
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program(hanging)], { stdio: 'ignore' })
  while ((await calls()) === 0) await wait(20)
  child.kill('SIGKILL')
  expect((await readdir(directory)).length).toBe(2)

  await provisionEngine(await optionsWith(installs))
  expect(await readdir(directory)).toEqual([`node-llama-cpp-${engineVersion}-linux-x64`])
})

test('a lock without any owner holds for some seconds only', async () => {
  const lock = join(directory, `node-llama-cpp-${engineVersion}-linux-x64.lock`)
  await mkdir(lock, { recursive: true })
  const signal = AbortSignal.timeout(500)
  expect((await failureOf(provisionEngine({ ...(await optionsWith(installs)), signal }))).kind).toBe('aborted')
  await utimes(lock, 0, 0)
  await provisionEngine(await optionsWith(installs))
  expect(await calls()).toBe(1)
})

describe('a failure tells the cause and the cure', () => {
  test.each([
    ['ENOTFOUND', 'npm cannot reach its registry; connect to the network'],
    ['ETIMEDOUT', 'npm cannot reach its registry'],
    ['ENOSPC', 'the disk is full; free about 500 MB'],
    ['EACCES', 'its folder may not be written'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS'],
    ['E404', 'npm config get registry'],
    ['EWHATEVER', 'npm ended with 1'],
  ])('%s', async (code, told) => {
    const failure = await failureOf(provisionEngine(await optionsWith({ does: 'fail', code })))
    expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining(told) })
    expect(failure.message).not.toContain('in other words')
    expect(String(failure.cause)).toContain('in other words')
    expect(await readdir(directory)).toEqual([])
  })

  test('npm that does nothing', async () => {
    const failure = await failureOf(provisionEngine(await optionsWith({ does: 'nothing' })))
    expect(failure.message).toContain('npm installed an incomplete engine')
  })

  test('no npm at all', () => {
    const bare = { execPath: join(folder, 'bin', 'node'), platform: 'linux' }
    expect(() => findNpm({ PATH: folder }, bare)).toThrow(
      'npm, which installs the engine on its first use, was not found',
    )
  })

  test('a folder that cannot be made', async () => {
    await writeFile(directory, 'a file is in the way')
    const failure = await failureOf(provisionEngine(await optionsWith(installs)))
    expect(failure.message).toMatch(/^the engine could not be installed \(E\w+\); check that its folder can be written/)
  })
})

test('a cancelled installation ends npm and leaves nothing', async () => {
  const canceller = new AbortController()
  const options = { ...(await optionsWith({ does: 'hang' })), signal: canceller.signal }
  const failure = failureOf(provisionEngine(options))
  while ((await calls()) === 0) await wait(20)
  canceller.abort()
  expect((await failure).kind).toBe('aborted')
  expect(await readdir(directory)).toEqual([])
})

function program(options: ProvisionOptions): string {
  const module = JSON.stringify(new URL('provision.ts', import.meta.url).href)
  return `const { provisionEngine } = await import(${module}); await provisionEngine(${JSON.stringify(options)})`
}

async function inProcess(options: ProvisionOptions): Promise<void> {
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program(options)])
}

async function sizeOf(path: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size
  }
  return bytes
}

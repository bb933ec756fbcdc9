import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from './lock.ts'

let folder: string
let path: string
const never = new AbortController().signal

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-lock-'))
  path = join(folder, 'model.lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise(resolve => child.once('close', resolve))
  return child.pid ?? 0
}

test('work under one lock never overlaps, and all of it is done', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    inside++
    most = Math.max(most, inside)
    await pause(5)
    inside--
  }
  await Promise.all(Array.from({ length: 5 }, () => withLock({ path, signal: never }, work)))
  expect(most).toBe(1)
  expect(existsSync(path)).toBe(false)
})

test('a failure frees the lock', async () => {
  await expect(
    withLock({ path, signal: never }, async () => {
      throw new Error('broken')
    }),
  ).rejects.toThrow('broken')
  expect(await withLock({ path, signal: never }, async () => 'free')).toBe('free')
})

test('the lock of a process that died is taken over at once, by one of those who wait', async () => {
  await writeFile(path, JSON.stringify({ token: 'old', pid: await deadPid(), host: hostname() }))
  let inside = 0
  const work = async () => {
    expect(++inside).toBe(1)
    await pause(5)
    inside--
  }
  await Promise.all(Array.from({ length: 4 }, () => withLock({ path, signal: never }, work)))
  expect(await readdir(folder)).toEqual([])
})

test('the lock of another machine is respected while it is fresh and taken over when it is silent', async () => {
  await writeFile(path, JSON.stringify({ token: 'theirs', pid: await deadPid(), host: 'another' }))
  const waiting = new AbortController()
  const told: string[] = []
  const early = withLock({ path, signal: waiting.signal, onWait: () => told.push('waiting') }, async () => 'mine')
  await pause(100)
  waiting.abort()
  await expect(early).rejects.toMatchObject({ kind: 'aborted' })
  expect(told).toEqual(['waiting'])
  const past = new Date(Date.now() - 60_000)
  await utimes(path, past, past)
  expect(await withLock({ path, signal: never }, async () => 'mine')).toBe('mine')
})

test('a lock file that says nothing is not respected for ever', async () => {
  await writeFile(path, '')
  const past = new Date(Date.now() - 5_000)
  await utimes(path, past, past)
  expect(await withLock({ path, signal: never }, async () => 'mine')).toBe('mine')
})

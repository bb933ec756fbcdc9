import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { errorCode } from '../network/unreachable.ts'
import { abortError } from './failures.ts'

/** Who holds a lock. */
const holder = z.object({ token: z.string(), pid: z.number().int(), host: z.string() })

type Holder = z.infer<typeof holder>

const beatMs = 2_000
const silentMs = 30_000
const askAgainMs = 200

export interface LockRequest {
  readonly path: string
  readonly signal: AbortSignal
  /** Called once, where somebody else holds the lock. */
  readonly onWait?: () => void
}

/** Gives where the lock of a file lies. */
export function lockPathOf(path: string): string {
  return `${path}.lock`
}

/** Tells whether somebody holds a lock at the moment. */
export async function isLocked(path: string): Promise<boolean> {
  return (await exists(path)) && !(await isAbandoned(path))
}

/**
 * Runs `work` while no other process runs work under the same path. A holder that died, or that has not been heard
 * of for half a minute, loses the lock; the signal given to `work` then aborts.
 */
export async function withLock<Result>(
  request: LockRequest,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const mine: Holder = { token: randomUUID(), pid: process.pid, host: hostname() }
  await acquire(request, mine)
  const lost = new AbortController()
  const beat = setInterval(() => void keep(request.path, mine).catch(() => lost.abort()), beatMs)
  beat.unref()
  try {
    return await work(AbortSignal.any([request.signal, lost.signal]))
  } finally {
    clearInterval(beat)
    if ((await readHolder(request.path))?.token === mine.token) await rm(request.path, { force: true })
  }
}

async function acquire(request: LockRequest, mine: Holder): Promise<void> {
  for (let asked = 0; !(await take(request.path, mine)); asked++) {
    if (request.signal.aborted) throw abortError()
    if (asked === 0) request.onWait?.()
    if (await isAbandoned(request.path)) await breakLock(request.path, mine)
    else await pause(askAgainMs, undefined, { signal: request.signal }).catch(() => {})
  }
}

async function take(path: string, mine: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(mine), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

async function keep(path: string, mine: Holder): Promise<void> {
  if ((await readHolder(path))?.token !== mine.token) throw new Error('the lock was taken over')
  const now = new Date()
  await utimes(path, now, now)
}

async function isAbandoned(path: string): Promise<boolean> {
  const age = await ageMs(path)
  const held = await readHolder(path)
  // A holder that is about to write its name has an empty file for a moment.
  if (held === undefined) return age > askAgainMs * 5
  return age > silentMs || (held.host === hostname() && !isAlive(held.pid))
}

/** Removes an abandoned lock. Only one process does so at a time, so that none removes its successor's. */
async function breakLock(path: string, mine: Holder): Promise<void> {
  const breaking = `${path}.breaking`
  if ((await ageMs(breaking)) > silentMs) await rm(breaking, { force: true })
  if (!(await take(breaking, mine))) {
    await pause(askAgainMs)
    return
  }
  try {
    if (await isAbandoned(path)) await rename(path, `${path}.${mine.token}`)
    await rm(`${path}.${mine.token}`, { force: true })
  } finally {
    await rm(breaking, { force: true })
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holder.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function ageMs(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

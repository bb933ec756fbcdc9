import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const beatMs = 2000
const staleMs = 20_000

/** What is locked, and how long it is waited for. */
export interface FolderLockOptions {
  /** The folder whose existence is the lock. */
  readonly path: string
  /** Ends the waiting without the lock when it gives true. */
  readonly isDone: () => Promise<boolean>
  readonly signal?: AbortSignal | undefined
  /** Called once where somebody else has the lock. */
  readonly onWait?: (() => void) | undefined
}

/**
 * Takes a lock that processes share, waiting for its owner; a lock whose owner is dead is taken over.
 * Gives the way to let it go, or `undefined` where the work was done by somebody else meanwhile.
 */
export async function takeFolderLock(options: FolderLockOptions): Promise<(() => Promise<void>) | undefined> {
  let isTold = false
  for (;;) {
    options.signal?.throwIfAborted()
    if (await options.isDone()) return undefined
    const release = await tryTake(options.path)
    if (release) return release
    if (await isAbandoned(options.path)) await takeAway(options.path)
    else {
      if (!isTold) options.onWait?.()
      isTold = true
      await wait(200, undefined, options.signal ? { signal: options.signal } : {})
    }
  }
}

async function tryTake(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    await mkdir(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
  await writeFile(join(path, 'owner'), `${process.pid} ${hostname()}`)
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, beatMs)
  beat.unref()
  return async () => {
    clearInterval(beat)
    await rm(path, { recursive: true, force: true })
  }
}

/** Whether the owner was on this machine and is gone, or has not shown itself for long. */
async function isAbandoned(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > staleMs) return true
    const [processId = '', host = ''] = (await readFile(join(path, 'owner'), 'utf8')).split(' ')
    return host === hostname() && !isRunning(Number(processId))
  } catch {
    // Between its making and its first beat a lock has no owner's name yet, and after its release it is not there.
    return false
  }
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Only one of those who find a lock abandoned succeeds in renaming it. */
async function takeAway(path: string): Promise<void> {
  const grave = `${path}.${randomUUID()}`
  await rename(path, grave).catch(() => undefined)
  await rm(grave, { recursive: true, force: true })
}

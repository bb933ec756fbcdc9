import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openJsonLines } from './json-lines.ts'
import type { Graphics, Survey, Surveyed } from './messages.ts'
import { spawnWorker } from './spawn-worker.ts'
import type { SpawnOptions } from './spawn-worker.ts'

/** Knows the memory of this machine's graphics processors, once it was asked for. */
export interface GraphicsSurvey {
  /** Has it asked for, unless it is known: by a process of its own, since the native library lives in no other. */
  ask(packageDirectory: string, options: SpawnOptions): Promise<void>
  /** What is free for models that is not main memory, in bytes; undefined where there is none, or nobody asked yet. */
  freeBytes(): number | undefined
}

/** Makes a survey that nobody asked for yet. One that failed is made anew the next time. */
export function createGraphicsSurvey(): GraphicsSurvey {
  let asked: Promise<void> | undefined
  let free: number | undefined
  const look = async (packageDirectory: string, options: SpawnOptions): Promise<void> => {
    if (!(await hasGraphicsBuild(packageDirectory))) return
    const graphics = await surveyGraphics(packageDirectory, options)
    // What is shared with main memory is counted there.
    if (graphics && !graphics.isUnified) free = graphics.freeBytes
  }
  return {
    ask: async (packageDirectory, options) => {
      asked ??= look(packageDirectory, options).catch(() => void (asked = undefined))
      await asked
    },
    freeBytes: () => free,
  }
}

const longestMs = 60_000

/** Starts a process that asks the native library and is gone. Throws where it does not answer. */
export async function surveyGraphics(packageDirectory: string, options: SpawnOptions): Promise<Graphics | undefined> {
  const answer = Promise.withResolvers<Graphics | undefined>()
  const { process: child, said, socket } = spawnWorker(options)
  const lines = openJsonLines(socket, value => {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the child is this package, of the same version
    answer.resolve((value as Surveyed).graphics)
  })
  const fail = (): void => answer.reject(new Error('the process that looks for graphics processors did not answer'))
  const fuse = setTimeout(fail, longestMs)
  child.once('close', fail)
  child.once('error', fail)
  said.resume()
  lines.send({ type: 'survey', packageDirectory } satisfies Survey)
  try {
    return await answer.promise
  } finally {
    clearTimeout(fuse)
    child.kill('SIGKILL')
  }
}

/** Whether an installed package can use a graphics processor: the builds lie beside it, each named for what it uses. */
async function hasGraphicsBuild(packageDirectory: string): Promise<boolean> {
  const builds = await readdir(join(packageDirectory, '..', '@node-llama-cpp'))
  return builds.some(name => /cuda|vulkan|metal/.test(name))
}

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createApp } from '../src/app.ts'
import { pullDependencies } from '../src/pull-dependencies.ts'
import { loadConfig } from '../src/config/config.ts'
import { pullModel } from '../src/services/pull-model.ts'
import { cacheFolder, provisionForTests } from '../test/support/engine-package.ts'
import type { Ask, Load, Outcome } from './engine-load.ts'

/** A server under measurement. */
export interface Target {
  readonly name: string
  ask(asks: readonly Ask[]): Promise<readonly Outcome[]>
}

/** Our own server over one model file, in this thread, with the model in a process of its own as always. */
export interface OwnServer extends Target {
  readonly loadMs: number
  /** Bytes of memory of the model's process. */
  modelBytes(): number
  close(): Promise<void>
}

/** A server that already runs, and speaks OpenAI Chat Completions. */
export function runningServer(url: string, options: Pick<Load, 'model' | 'endTokens'>): Target {
  return { name: new URL(url).host, ask: asks => run({ ...options, url: url.replace(/\/$/, ''), asks }) }
}

/** Starts our own server. Settings come from the environment, as an owner's do. */
export async function ownServer(path: string, endTokens: readonly number[]): Promise<OwnServer> {
  await provisionForTests()
  const folder = await mkdtemp(join(tmpdir(), 'duologue-bench-'))
  await symlink(join(cacheFolder, 'engine'), join(folder, 'engine'))
  const environment = { ...process.env, DUOLOGUE_DATA: folder, DUOLOGUE_LOG_LEVEL: 'silent' }
  const loaded = loadConfig({ port: 0 }, environment)
  await pullModel(
    { reference: path, name: 'bench', isAskedHere: true, signal: AbortSignal.timeout(600_000), report: () => {} },
    pullDependencies(loaded, environment),
  )
  const notify = (line: string) => void process.stderr.write(`${line}\n`)
  const app = createApp(loaded, { environment, log: process.stderr, notify })
  const close = async (): Promise<void> => {
    await app.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  try {
    const url = await app.listen()
    const began = performance.now()
    await app.load('bench')
    return {
      name: 'duologue',
      ask: asks => run({ url, model: 'bench', endTokens, asks }),
      loadMs: performance.now() - began,
      modelBytes: () => residentBytes(app.processes()[0]?.processId),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function run(load: Load): Promise<readonly Outcome[]> {
  const worker = new Worker(new URL('./engine-load.ts', import.meta.url), { workerData: load })
  const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome[]>()
  worker.once('message', resolve)
  worker.once('error', reject)
  return promise
}

function residentBytes(processId: number | undefined): number {
  if (processId === undefined) return 0
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(processId)], { encoding: 'utf8' })) * 1024
}

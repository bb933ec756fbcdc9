import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { createApp, pullDependencies } from '../src/app.ts'
import { loadConfig } from '../src/config/config.ts'
import { formatBytes } from '../src/core/bytes.ts'
import { readGguf } from '../src/gguf/read-gguf.ts'
import { pullModel } from '../src/services/pull-model.ts'
import { cacheFolder, provisionForTests } from '../test/support/engine-package.ts'
import { starterModel } from '../test/support/starter-model.ts'
import type { Load, Outcome } from './engine-load.ts'

/*
 * Measures the whole way, from a client's socket to the model and back: `npm run bench:engine -- [FILE.gguf]`.
 * The gateway runs in this thread, the clients in another one. Compare figures of one run, not of two.
 */
const file = process.argv[2] === undefined ? await starterModel() : resolve(process.argv[2])
await provisionForTests()
const folder = await mkdtemp(join(tmpdir(), 'duologue-bench-'))
try {
  await symlink(join(cacheFolder, 'engine'), join(folder, 'engine'))
  await measure(file)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measure(path: string): Promise<void> {
  const environment = { ...process.env, DUOLOGUE_DATA: folder, DUOLOGUE_LOG_LEVEL: 'silent' }
  const loaded = loadConfig({ port: 0 }, environment)
  await pullModel(
    { reference: path, name: 'bench', isAskedHere: true, signal: AbortSignal.timeout(600_000), report: () => {} },
    pullDependencies(loaded, environment),
  )
  const { tokenizer } = await readGguf(path)
  const app = createApp(loaded, { environment, log: process.stderr, notify: line => print('', line) })
  try {
    const url = await app.listen()
    const began = performance.now()
    await app.load('bench')
    print('model', `${basename(path)}, ${formatBytes((await stat(path)).size)}`)
    print('load', milliseconds(performance.now() - began))
    const endTokens = [tokenizer.eosTokenId, tokenizer.bosTokenId, 0].filter(token => token !== undefined)
    await measureAnswers({ url, model: 'bench', endTokens })
    print('memory of the model’s process', formatBytes(residentBytes(app.processes()[0]?.processId)))
    print('memory of the gateway', formatBytes(process.memoryUsage.rss()))
  } finally {
    await app.close()
  }
}

async function measureAnswers(target: Pick<Load, 'url' | 'model' | 'endTokens'>): Promise<void> {
  const blocked = monitorEventLoopDelay({ resolution: 1 })
  blocked.enable()
  const ask = (load: Pick<Load, 'clients' | 'promptWords' | 'outputTokens' | 'salt'>): Promise<readonly Outcome[]> =>
    run({ ...target, ...load })

  await ask({ clients: 1, promptWords: 10, outputTokens: 8, salt: 'w' })
  const [cold] = await ask({ clients: 1, promptWords: 500, outputTokens: 2, salt: 'c' })
  const [warm] = await ask({ clients: 1, promptWords: 500, outputTokens: 2, salt: 'c' })
  if (!cold || !warm) throw new Error('a client came back with nothing')
  print('prompt', `${rate(cold.inputTokens, cold.firstMs)} (${cold.inputTokens} tokens)`)
  print('time to first token', `cold ${milliseconds(cold.firstMs)}, warm ${milliseconds(warm.firstMs)}`)
  for (const clients of [1, 2, 4, 8]) {
    const outcomes = await ask({ clients, promptWords: 10, outputTokens: 96, salt: `g${clients}` })
    const tokens = outcomes.reduce((sum, { outputTokens }) => sum + outputTokens - 1, 0)
    const first = Math.min(...outcomes.map(({ firstMs }) => firstMs))
    const last = Math.max(...outcomes.map(({ lastMs }) => lastMs))
    print(`generation, ${clients} at once`, rate(tokens, last - first))
  }
  blocked.disable()
  const [longest, p99] = [blocked.max / 1e6, blocked.percentile(99) / 1e6]
  print('event loop of the gateway', `blocked at most ${milliseconds(longest)}, p99 ${milliseconds(p99)}`)
}

async function run(load: Load): Promise<readonly Outcome[]> {
  const worker = new Worker(new URL('./engine-load.ts', import.meta.url), { workerData: load })
  const { promise, resolve: settle, reject } = Promise.withResolvers<readonly Outcome[]>()
  worker.once('message', settle)
  worker.once('error', reject)
  return promise
}

function residentBytes(processId: number | undefined): number {
  if (processId === undefined) return 0
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(processId)], { encoding: 'utf8' })) * 1024
}

function rate(tokens: number, ms: number): string {
  return `${((tokens * 1000) / ms).toFixed(0)} tokens/s`
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`
}

function print(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(32)} ${value}\n`)
}

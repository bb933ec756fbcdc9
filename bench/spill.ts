import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openEngine } from '../test/support/engine.ts'
import { writeTinyModel } from '../test/support/tiny-model.ts'
import { percentile } from './chaos/figures.ts'
import { askInTurn, askSteadily } from './spill-load.ts'
import type { Reading } from './spill-load.ts'
import { serveWithCloud } from './spill-server.ts'

/*
 * What a rule's `most-wait` does to the time to the first token: `npm run bench:spill [-- FILE.gguf]`. A model that is
 * here gets more requests than it can answer, with a scripted cloud behind it; once without a limit, once with one.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '20' },
    load: { type: 'string', default: '3' },
    'cloud-ms': { type: 'string', default: '200' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'duologue-spill-'))
const file = positionals[0] === undefined ? join(folder, 'tiny.gguf') : resolve(positionals[0])
if (positionals[0] === undefined) await writeTinyModel(file, { contextLength: 8192 })
const { engine } = openEngine(
  { model: file },
  { preferences: { slots: 2, contextTokens: 8192 }, policy: { queueTimeoutMs: 120_000 } },
)
try {
  await engine.load('model')
  await using patient = await serveWithCloud(engine, { cloudMs: Number(values['cloud-ms']) })
  const alone = await askInTurn(patient.url, 9)
  const usualMs = alone.reduce((sum, { wholeMs }) => sum + wholeMs, 0) / alone.length
  const everyMs = usualMs / Number(values.load)
  const requests = Math.max(20, Math.min(400, Math.round((Number(values.seconds) * 1000) / usualMs)))
  const limitMs = Math.ceil(percentile(alone.map(toFirstMs), 95) * 1.5)
  print(
    `${basename(file)}: a request takes ${usualMs.toFixed(0)} ms alone; ${requests} come, ${values.load} times as fast`,
  )
  report('without a limit', await askSteadily(patient.url, { requests, everyMs }))
  await using hasty = await serveWithCloud(engine, { cloudMs: Number(values['cloud-ms']), mostWaitMs: limitMs })
  report(`most-wait: ${limitMs}ms`, await askSteadily(hasty.url, { requests, everyMs }))
} finally {
  await engine.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

function report(name: string, readings: readonly Reading[]): void {
  const first = readings.map(toFirstMs)
  const here = readings.filter(({ isHere }) => isHere).length
  const [half, most] = [percentile(first, 50), percentile(first, 95)].map(ms => `${ms.toFixed(0)} ms`.padStart(9))
  print(`${name.padEnd(20)} first token p50 ${half} p95 ${most}   here ${here} of ${readings.length}`)
}

function toFirstMs({ firstMs }: Reading): number {
  return firstMs
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

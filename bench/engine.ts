import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { formatBytes } from '../src/core/bytes.ts'
import { readGguf } from '../src/gguf/read-gguf.ts'
import { starterModel } from '../test/support/starter-model.ts'
import { measures, quantile } from './engine-measures.ts'
import type { Figure, Measure } from './engine-measures.ts'
import type { Outcome } from './engine-load.ts'
import { ownServer, runningServer } from './engine-target.ts'
import type { Target } from './engine-target.ts'

/*
 * Measures the whole way, from a client's socket to the model and back:
 *   npm run bench:engine -- [FILE.gguf] [--against URL] [--model NAME] [--rounds N] [--only WORDS] [--json]
 * The gateway runs in this thread, the clients in another one. With --against, a server that runs the same file with
 * as many threads, slots and tokens of context is measured in turn with ours, and the ratio is ours to theirs.
 * Compare figures of one run, not of two.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    model: { type: 'string', default: 'bench' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
})
const file = positionals[0] === undefined ? await starterModel() : resolve(positionals[0])
const rounds = Math.min(100, Math.max(1, Math.trunc(Number(values.rounds)) || 1))
const { tokenizer } = await readGguf(file)
const endTokens = [tokenizer.eosTokenId, tokenizer.bosTokenId, 0].filter(token => token !== undefined)

const own = await ownServer(file, endTokens)
try {
  const other = values.against === undefined ? [] : [runningServer(values.against, { model: values.model, endTokens })]
  print('model', `${basename(file)}, ${formatBytes((await stat(file)).size)}`)
  print('load', `${own.loadMs.toFixed(0)} ms`)
  const blocked = monitorEventLoopDelay({ resolution: 1 })
  blocked.enable()
  for (const target of [own, ...other]) await target.ask([{ prompt: 'Warm up', outputTokens: 8 }])
  print('', [`median of ${rounds}`, own.name, ...other.map(({ name }) => name), ...(other[0] ? ['ratio'] : [])])
  for (const [index, measure] of measures.entries()) {
    const isWanted = measure.figures.some(({ name }) => name.includes(values.only))
    if (isWanted) await compare(measure, [own, ...other], letters(index))
  }
  blocked.disable()
  const [longest, p99] = [blocked.max / 1e6, blocked.percentile(99) / 1e6]
  print('event loop of the gateway', `blocked at most ${longest.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
  print('memory of the model’s process', formatBytes(own.modelBytes()))
  print('memory of the gateway', formatBytes(process.memoryUsage.rss()))
} finally {
  await own.close()
}

/** Measures at each target in turn, as often as there are rounds. */
async function compare(measure: Measure, targets: readonly Target[], name: string): Promise<void> {
  const { before, asks, figures } = measure
  const seen = targets.map((): (readonly Outcome[])[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, target] of targets.entries()) {
      const salt = `${name}${letters(round)}`
      if (before) await target.ask(before(salt))
      seen[index]?.push(await target.ask(asks(salt)))
    }
  }
  for (const figure of figures)
    tell(
      figure,
      seen.map(outcomes => outcomes.map(figure.of)),
    )
}

function tell({ name, unit }: Figure, figures: readonly (readonly number[])[]): void {
  const medians = figures.map(each => quantile(each, 0.5))
  const [ours = Number.NaN, theirs] = medians
  const ratio = theirs === undefined ? [] : [(ours / theirs).toFixed(2)]
  if (values.json) process.stdout.write(`${JSON.stringify({ name, unit, figures })}\n`)
  print(name, [unit, ...medians.map(each => each.toFixed(unit === 'tokens/s' ? 0 : 1)), ...ratio])
}

function letters(number: number): string {
  return String.fromCodePoint(97 + (number % 26))
}

function print(name: string, value: string | readonly string[]): void {
  if (values.json) return
  const text = typeof value === 'string' ? value : value.map(cell => cell.padStart(16)).join('')
  process.stdout.write(`${name.padEnd(44)} ${text}\n`)
}

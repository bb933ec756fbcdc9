import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { temporaryFolder } from '../../../test/support/engine.ts'
import { writeTinyFamily } from '../../../test/support/tiny-families.ts'
import { writeTinyModel } from '../../../test/support/tiny-model.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import { stateSize } from '../../gguf/memory.ts'
import { readGguf } from '../../gguf/read-gguf.ts'
import { openArchive } from './open-archive.ts'
import type { Archive } from './archive.ts'
import { CacheCosts } from './cache-costs.ts'
import { Checkpoints } from './checkpoints.ts'
import { emptyLane } from './lane.ts'
import type { Lane } from './lane.ts'
import { remember } from './lane-entry.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'
import { RestWriter } from './rest-writer.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const open: Record<'whole' | 'states', (() => Promise<Bench>) | undefined> = { whole: undefined, states: undefined }
let runs = 0
let nowMs = 1_800_000_000_000

interface Bench {
  readonly directory: string
  readonly model: LanguageModel
  readonly archive: Archive
  readonly lanes: readonly Lane[]
  readonly checkpoints: Checkpoints
  readonly writer: RestWriter
  /** How large the files were expected to be that were written. */
  readonly moved: number[]
}

beforeAll(async () => {
  folder = await temporaryFolder()
  const whole = join(folder.path, 'tiny.gguf')
  const states = join(folder.path, 'states.gguf')
  await writeTinyModel(whole)
  await writeTinyFamily(states, 'qwen35')
  for (const [kind, modelPath] of [['whole', whole] as const, ['states', states] as const]) {
    const model = await load(modelPath)
    const size = stateSize(await readGguf(modelPath))
    open[kind] = async () => bench(model, size)
  }
})

afterAll(() => folder.remove())

// Files are written as fast as they are; only resting is quick.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))

afterEach(() => void vi.useRealTimers())

async function load(modelPath: string): Promise<LanguageModel> {
  const packageDirectory = await provisionForTests()
  const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  const sizes = { use: 'answers' as const, contextTokens: 1024, slots: 2, batchTokens: 512, threads: 1 }
  return loadLanguageModel({ modelPath, packageDirectory, ...sizes, ...computation }, () => {})
}

async function bench(model: LanguageModel, size: ReturnType<typeof stateSize>): Promise<Bench> {
  const directory = join(folder.path, `run-${(runs += 1)}`)
  await mkdir(directory)
  const now = (): number => nowMs
  const places = { disk: { directory, maxBytes: 2 ** 26 } }
  const archive = await openArchive({ model, places, stateSize: size, now, onTrouble: () => {} })
  const lanes = [emptyLane(0), emptyLane(1)]
  for (const { id } of lanes) model.forget(id, 0)
  const checkpoints = new Checkpoints(model, lanes)
  const moved: number[] = []
  const onMove = (bytes: number): void => void moved.push(bytes)
  const costs = new CacheCosts()
  const writer = new RestWriter({ model, archive, lanes, checkpoints, costs, onMove, now })
  return { directory, model, archive, lanes, checkpoints, writer, moved }
}

async function opened(
  kind: 'whole' | 'states' = 'whole',
): Promise<Bench & { readonly lane: Lane; readonly other: Lane }> {
  const made = await open[kind]?.()
  const [lane, other] = made?.lanes ?? []
  if (!made || !lane || !other) throw new Error('no model was loaded')
  return { ...made, lane, other }
}

const count = (from: number, length: number): Uint32Array =>
  Uint32Array.from({ length }, (_, index) => (from + index) % 250)

async function read({ model }: Bench, lane: Lane, tokens: Uint32Array): Promise<void> {
  const entry = { slot: lane.id, position: lane.tokens.length, tokens, samples: false }
  await model.evaluate([entry])
  remember(lane, entry)
  lane.askedTokens = lane.tokens.length
}

function pin(lane: Lane): void {
  lane.pins = [{ tokens: 1, keepForMs: 300_000, untilMs: nowMs + 300_000 }]
}

/** Rests, and then has something to do. */
async function rest({ writer }: Bench, ms: number): Promise<void> {
  writer.begin()
  nowMs += ms
  vi.advanceTimersByTime(ms)
  // What is to be written begins to be; files take longer than this.
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  await writer.end()
}

const lengths = ({ archive }: Bench): readonly number[] => archive.entries().map(({ tokens }) => tokens.length)

test('what the slots hold is written away two seconds after the last answer', async () => {
  const run = await opened()
  await read(run, run.lane, count(0, 300))
  await rest(run, 1999)
  expect(lengths(run)).toEqual([])
  await rest(run, 2000)
  expect(lengths(run)).toEqual([300])
  expect(run.moved).toEqual([expect.any(Number), 0])
})

test('a conversation is written again when it grew by a quarter, and by at least what is worth a file', async () => {
  const run = await opened()
  await read(run, run.lane, count(0, 400))
  await rest(run, 2000)
  await read(run, run.lane, count(400, 255))
  await rest(run, 2000)
  expect(lengths(run)).toEqual([400])
  await read(run, run.lane, count(655, 1))
  await rest(run, 2000)
  expect(lengths(run)).toEqual([656])
})

test('a conversation that rests for a minute is written again after less', async () => {
  const run = await opened()
  pin(run.lane)
  await read(run, run.lane, count(0, 400))
  await rest(run, 2000)
  await read(run, run.lane, count(400, 99))
  await rest(run, 59_999)
  expect(lengths(run)).toEqual([400])
  await rest(run, 60_000)
  expect(lengths(run)).toEqual([499])
})

test('a request that comes waits for one conversation at most, and what is pinned is written first', async () => {
  const run = await opened()
  await read(run, run.lane, count(0, 300))
  await read(run, run.other, count(100, 200))
  pin(run.other)
  await rest(run, 2000)
  expect(lengths(run)).toEqual([200])
  await rest(run, 2000)
  expect(lengths(run)).toEqual([200, 300])
})

test('what no place can hold is not tried again with each turn, and is not counted as lost', async () => {
  const run = await opened()
  await rm(run.directory, { recursive: true })
  await writeFile(run.directory, '')
  await read(run, run.lane, count(0, 400))
  await rest(run, 2000)
  await rm(run.directory)
  await read(run, run.lane, count(400, 50))
  await rest(run, 2000)
  expect(lengths(run)).toEqual([])
  expect(run.archive.gone()).toEqual([])
  await rest(run, 60_000)
  expect(lengths(run)).toEqual([450])
})

test('a model with states writes the place that a turn goes on from, and still holds all', async () => {
  const run = await opened('states')
  const { lane, checkpoints } = run
  await read(run, lane, count(0, 300))
  await checkpoints.take(lane)
  await read(run, lane, count(300, 64))
  const asked = lane.askedTokens
  for (let written = 0; written < 40; written += 1) await read(run, lane, count(364 + written, 1))
  lane.askedTokens = asked
  run.writer.begin()
  vi.advanceTimersByTime(2000)
  await vi.waitUntil(() => run.moved.includes(0) && lane.tokens.length === 404)
  await run.writer.end()
  expect(lengths(run)).toEqual([300])
  expect(Uint32Array.from(lane.tokens)).toEqual(count(0, 404))
  expect(lane.askedTokens).toBe(asked)
  expect(lane.checkpoints.map(({ tokens }) => tokens)).toEqual([300])
})

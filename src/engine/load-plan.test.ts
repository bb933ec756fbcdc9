import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { llama70b, llama8b } from '../../test/support/described-models.ts'
import { temporaryFolder } from '../../test/support/engine.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { usualPacing } from '../../test/support/usual-pacing.ts'
import type { GgufFile } from '../gguf/gguf-file.ts'
import { estimateMemory } from '../gguf/memory.ts'
import type { MemoryWish } from '../gguf/memory.ts'
import { readGguf } from '../gguf/read-gguf.ts'
import { planLess, planLoad } from './load-plan.ts'
import type { LoadPlan, LoadPreferences } from './load-plan.ts'
import type { Room } from './memory-budget.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let file: GgufFile

beforeAll(async () => {
  folder = await temporaryFolder()
  const path = join(folder.path, 'tiny.gguf')
  await writeTinyModel(path)
  file = await readGguf(path)
})

afterAll(() => folder.remove())

const preferences: LoadPreferences = { batchTokens: 512, pacing: usualPacing }
const bytesOf = (slots: number, contextTokens = 2048, more: Partial<MemoryWish> = {}): number =>
  estimateMemory(file, { slots, contextTokens, batchTokens: 512, ...more }).totalBytes
const roomOf = (bytes: number, more: Partial<Room> = {}): Room => ({
  freeBytes: bytes,
  reclaimableBytes: bytes,
  wholeBytes: bytes,
  shareBytes: bytes,
  ...more,
})

test('a model with room is run as wished, and no longer than it was trained for', () => {
  const room = roomOf(bytesOf(8))
  expect(planLoad(file, { preferences, room })).toEqual({ contextTokens: 2048, slots: 8, memoryBytes: bytesOf(8) })
})

test('fewer answers at once are better than unloading another model', () => {
  const room = roomOf(bytesOf(8), { freeBytes: bytesOf(3) })
  expect(planLoad(file, { preferences, room })?.slots).toBe(3)
})

test('a model keeps to its share while others are in use', () => {
  const room = roomOf(bytesOf(8), { shareBytes: bytesOf(2) })
  expect(planLoad(file, { preferences, room })?.slots).toBe(2)
})

test('a model larger than its share has what can be freed', () => {
  const room = roomOf(bytesOf(4), { freeBytes: 0, shareBytes: 1 })
  expect(planLoad(file, { preferences, room })?.slots).toBe(4)
})

test('the context is as long as the whole memory allows, never as short as the moment demands', () => {
  const busy = roomOf(bytesOf(8), { freeBytes: 0, reclaimableBytes: bytesOf(1) - 1 })
  expect(planLoad(file, { preferences, room: busy })).toBeUndefined()
})

test('keys and values in fewer bits leave room for more answers at once', () => {
  const room = roomOf(bytesOf(8, 2048, { cacheType: 'q8_0' }))
  expect(planLoad(file, { preferences: { ...preferences, cacheType: 'q8_0' }, room })?.slots).toBe(8)
  expect(planLoad(file, { preferences, room })?.slots).toBe(4)
})

test('without flash attention a model is given the memory for whole matrices', () => {
  const preferred = { ...preferences, flashAttention: 'off' } as const
  const memoryBytes = bytesOf(8, 2048, { hasFlashAttention: false })
  expect(planLoad(file, { preferences: preferred, room: roomOf(memoryBytes) })).toMatchObject({ slots: 8, memoryBytes })
  expect(memoryBytes).toBeGreaterThan(bytesOf(8))
})

test('what does not fit into the whole memory is refused with the numbers', () => {
  const room = roomOf(bytesOf(1) - 1)
  const asked = { ...preferences, contextTokens: 2048 }
  expect(() => planLoad(file, { preferences: asked, room })).toThrow(/needs [\d.]+ MiB of memory/)
})

/* What is free of a card, less what the package keeps free: 8 % of all, and 1.6 GiB at most. */
const gibibyte = 2 ** 30
const machine = (mainGibibytes: number, graphicsGibibytes: number): Room =>
  roomOf(mainGibibytes * gibibyte, { graphics: roomOf(graphicsGibibytes * gibibyte) })

describe('on a machine with a graphics processor that has memory of its own', () => {
  test('a model that fits into 24 GiB lies there wholly, with as many slots as fit', () => {
    const plan = planLoad(llama8b, { preferences, room: machine(60, 22) })
    expect(plan).toMatchObject({ contextTokens: 32_768, slots: 4, graphics: { layers: 33 } })
    expect(plan?.graphics?.bytes).toBeLessThanOrEqual(22 * gibibyte)
    expect(plan?.memoryBytes).toBeLessThan(gibibyte)
  })

  test('most of a model that does not fit into 8 GiB lies there, with one slot', () => {
    const plan = planLoad(llama8b, { preferences, room: machine(14, 7) })
    expect(plan).toMatchObject({ contextTokens: 32_768, slots: 1, graphics: { layers: 24 } })
    expect(plan?.memoryBytes).toBeLessThan(4 * gibibyte)
  })

  test('half of the context is given up to have all of a model there', () => {
    const room = machine(14, 8)
    expect(planLoad(llama8b, { preferences, room })).toMatchObject({
      contextTokens: 16_384,
      slots: 1,
      graphics: { layers: 33 },
    })
    const asked = { ...preferences, contextTokens: 32_768 }
    expect(planLoad(llama8b, { preferences: asked, room })).toMatchObject({ contextTokens: 32_768, slots: 1 })
  })

  test('a model larger than either memory lies in both', () => {
    const plan = planLoad(llama70b, { preferences, room: machine(32, 22) })
    expect(plan).toMatchObject({ slots: 1, graphics: { layers: 34 } })
    expect(() => planLoad(llama70b, { preferences, room: machine(16, 22) })).toThrow(
      /needs [\d.]+ GiB of memory: .* 16.0 GiB is available, and 22.0 GiB on the graphics processor/,
    )
  })

  test('no more layers lie there than the owner wants', () => {
    const room = machine(60, 22)
    const graphics = { bytes: 0, layers: 0 }
    expect(planLoad(llama8b, { preferences: { ...preferences, gpuLayers: 0 }, room })).toMatchObject({
      slots: 8,
      graphics,
    })
    expect(planLoad(llama8b, { preferences: { ...preferences, gpuLayers: 20 }, room })?.graphics?.layers).toBe(20)
  })

  test('what idle models hold there is taken, and what busy ones hold is not waited for', () => {
    const graphics = roomOf(22 * gibibyte, { freeBytes: gibibyte })
    const room = roomOf(60 * gibibyte, { graphics })
    expect(planLoad(llama8b, { preferences, room })?.graphics?.layers).toBe(33)
    const busy = roomOf(60 * gibibyte, { graphics: { ...graphics, reclaimableBytes: gibibyte } })
    expect(planLoad(llama8b, { preferences, room: busy })).toMatchObject({
      slots: 8,
      graphics: { bytes: 0, layers: 0 },
    })
  })

  test('less keeps within what was planned there', () => {
    const plan = planLoad(llama8b, { preferences, room: machine(60, 22) })
    const less = plan && planLess(llama8b, plan, { preferences, adapterBytes: 0 })
    expect(less).toMatchObject({ slots: 2, graphics: { layers: 33 } })
    expect(less?.graphics?.bytes).toBeLessThan(plan?.graphics?.bytes ?? 0)
  })
})

test('memory that a graphics processor shares, as Apple’s do, is main memory', () => {
  const plan = planLoad(llama8b, { preferences, room: roomOf(24 * gibibyte) })
  expect(plan).toEqual({ contextTokens: 32_768, slots: 4, memoryBytes: expect.any(Number) })
})

test('less is half the slots down to one, and then half the context down to the shortest that is of use', async () => {
  const path = join(folder.path, 'long.gguf')
  await writeTinyModel(path, { contextLength: 5000 })
  const long = await readGguf(path)
  const plans: LoadPlan[] = []
  const planned = planLoad(long, { preferences: { ...preferences, slots: 5 }, room: roomOf(2 ** 40) })
  for (let plan = planned; plan; plan = planLess(long, plan, { preferences, adapterBytes: 0 })) plans.push(plan)
  expect(plans.map(({ slots, contextTokens }) => [slots, contextTokens])).toEqual([
    [5, 5000],
    [2, 5000],
    [1, 5000],
    [1, 2500],
    [1, 2048],
  ])
  const bytes = plans.map(({ memoryBytes }) => memoryBytes)
  expect(bytes).toEqual(bytes.toSorted((a, b) => b - a))
})

test('a context that the owner set is never less', () => {
  const preferred = { ...preferences, contextTokens: 2048 }
  const plan = { slots: 2, contextTokens: 2048, memoryBytes: bytesOf(2) }
  const less = planLess(file, plan, { preferences: preferred, adapterBytes: 0 })
  expect(less).toEqual({ slots: 1, contextTokens: 2048, memoryBytes: bytesOf(1) })
  expect(less && planLess(file, less, { preferences: preferred, adapterBytes: 0 })).toBeUndefined()
})

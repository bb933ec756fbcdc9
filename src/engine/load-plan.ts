import { ModelError } from '../core/errors.ts'
import type { GgufFile } from '../gguf/gguf-file.ts'
import { chooseContext } from '../gguf/choose-context.ts'
import type { Available, MemoryPlan } from '../gguf/choose-context.ts'
import type { CacheType, MemoryWish } from '../gguf/memory.ts'
import { allLayers, placeModel } from '../gguf/placement.ts'
import type { GraphicsWish } from '../gguf/placement.ts'
import type { Adapter } from './adapters.ts'
import { usesFlashAttention } from './attention.ts'
import type { FlashAttention } from './attention.ts'
import { checkpointsPerSlot } from './checkpoints-per-slot.ts'
import type { Room, RoomInPlace } from './memory-budget.ts'
import type { Pacing } from './pacing.ts'

/** How the owner wants a model to be run. What is absent is chosen from the model and the memory. */
export interface LoadPreferences {
  /** Prompt and answer together, for each answer that is written at once. */
  readonly contextTokens?: number
  /** How many answers are written at once. */
  readonly slots?: number
  readonly threads?: number
  /** Those that read large pieces of prompts. */
  readonly promptThreads?: number
  readonly gpuLayers?: number
  /** How keys and values are stored; `f16` by default. */
  readonly cacheType?: CacheType
  /** `auto` by default, which is on wherever the engine can. */
  readonly flashAttention?: FlashAttention
  /** What is added to the model's weights. */
  readonly adapters?: readonly Adapter[]
  readonly batchTokens: number
  readonly pacing: Pacing
}

/** What the owner says of one model; what holds for all applies where it is silent. */
export type ModelPreferences = Partial<Omit<LoadPreferences, 'batchTokens' | 'pacing'>>

/** How a model will be run, and the memory that it takes. */
export interface LoadPlan {
  readonly contextTokens: number
  readonly slots: number
  /** Of main memory. */
  readonly memoryBytes: number
  /** What of it lies in a graphics processor's own memory; absent on a machine without. */
  readonly graphics?: { readonly bytes: number; readonly layers: number }
}

/* Long enough for the passages that are searched by their vectors; the whole of one is evaluated in one step. */
const usualPassageTokens = 2048

/** How a model that makes vectors or scores is run: one text at a time, each within one step, and nothing is kept of it. */
export function forPassages(preferences: LoadPreferences): LoadPreferences {
  const contextTokens = preferences.contextTokens ?? usualPassageTokens
  return { ...preferences, slots: 1, contextTokens, batchTokens: contextTokens, cacheType: 'f16' }
}

/* Long enough for a coding agent's turns, short enough that several fit beside each other. */
const usualContextTokens = 32_768
const shortestContextTokens = 2048

/* A model that lies wholly on a graphics processor is many times faster, which is worth half of the context. */
const shortestWholeTokens = 16_384

export const usualSlots = 8

/**
 * Decides how to run a model in the room there is. The whole memory decides how long the context is, and the moment
 * only how many answers are written at once: as many as fit into the model's share, or one in whatever can be freed.
 * Where a graphics processor has memory of its own, the model lies there wholly if that can be, and else as much of it
 * as there is room for: for that it does not wait. Gives undefined where it must wait for models that are busy. Throws
 * `unavailable`, with the numbers, where waiting does not help.
 */
export function planLoad(
  file: GgufFile,
  { preferences, room, adapterBytes = 0 }: { preferences: LoadPreferences; room: Room; adapterBytes?: number },
): LoadPlan | undefined {
  const wish = { ...wishOf(file, preferences), adapterBytes }
  const { contextTokens } = chooseLength(file, wish, { preferences, room })
  for (const lying of room.graphics ? waysToLie(file, preferences) : [{}]) {
    for (const measure of waysToTake) {
      const there = availableIn(room, { preferences, measure })
      const plan = unlessTooLarge(() =>
        chooseContext(file, { ...wish, ...there, ...lying, contextTokens, leastContextTokens: contextTokens }),
      )
      if (plan) return toPlan(plan, room.graphics !== undefined)
    }
  }
  return undefined
}

/*
 * All of a model lies on the graphics processor; or most of it, with one slot, as keys and values of more would take the
 * place of layers; or else the main processor does most of the work, and several answers at once cost it least.
 */
function waysToLie(
  file: GgufFile,
  { slots = 1 }: LoadPreferences,
): readonly { readonly leastGraphicsLayers: number; readonly slots?: number }[] {
  const most = Math.ceil(file.shape.layers / 2)
  return [{ leastGraphicsLayers: allLayers(file) }, { leastGraphicsLayers: most, slots }, { leastGraphicsLayers: 0 }]
}

type Measure = (room: RoomInPlace) => number

/* A model takes its share of what is free, or of what can be freed, or else as much of that as it needs. */
const waysToTake: readonly Measure[] = [
  ({ freeBytes, shareBytes }) => Math.min(freeBytes, shareBytes),
  ({ reclaimableBytes, shareBytes }) => Math.min(reclaimableBytes, shareBytes),
  ({ reclaimableBytes }) => reclaimableBytes,
]

function availableIn(
  room: Room,
  { preferences, measure }: { preferences: LoadPreferences; measure: Measure },
): Available {
  return { availableBytes: measure(room), ...graphicsOf(preferences, room.graphics && measure(room.graphics)) }
}

function toPlan({ contextTokens, slots, placement }: MemoryPlan, hasGraphics: boolean): LoadPlan {
  const { mainBytes, graphicsBytes, graphicsLayers } = placement
  const graphics = { bytes: graphicsBytes, layers: graphicsLayers }
  return { contextTokens, slots, memoryBytes: mainBytes, ...(hasGraphics && { graphics }) }
}

/**
 * Makes a plan that takes less: with half the slots, or else with half the context where the owner set none. Gives
 * undefined where there is nothing left to do without.
 */
export function planLess(
  file: GgufFile,
  plan: LoadPlan,
  { preferences, adapterBytes }: { preferences: LoadPreferences; adapterBytes: number },
): LoadPlan | undefined {
  const smaller = halve(plan, preferences)
  if (!smaller) return undefined
  const wish = { ...wishOf(file, preferences), adapterBytes, ...smaller }
  const placement = placeModel(file, wish, graphicsOf(preferences, plan.graphics?.bytes))
  return toPlan({ ...smaller, placement }, plan.graphics !== undefined)
}

function graphicsOf({ gpuLayers }: LoadPreferences, graphicsBytes = 0): GraphicsWish {
  return { graphicsBytes, ...(gpuLayers !== undefined && { mostGraphicsLayers: gpuLayers }) }
}

function halve(
  { slots, contextTokens }: LoadPlan,
  preferences: LoadPreferences,
): Pick<LoadPlan, 'contextTokens' | 'slots'> | undefined {
  if (slots > 1) return { contextTokens, slots: Math.floor(slots / 2) }
  if (preferences.contextTokens !== undefined || contextTokens <= shortestContextTokens) return undefined
  return { slots, contextTokens: Math.max(shortestContextTokens, Math.floor(contextTokens / 2)) }
}

/** The least of main memory that a model takes in the room there is: with one slot, and no longer a context than it must have. */
export function leastMemory(
  file: GgufFile,
  { preferences, room, adapterBytes = 0 }: { preferences: LoadPreferences; room: Room; adapterBytes?: number },
): number {
  const wish = { ...wishOf(file, preferences), adapterBytes }
  const fitting = unlessTooLarge(() => chooseLength(file, wish, { preferences, room }))
  const shortest = preferences.contextTokens ?? shortestContextTokens
  const contextTokens = fitting?.contextTokens ?? Math.min(shortest, file.shape.contextTokens)
  const there = graphicsOf(preferences, room.graphics?.reclaimableBytes)
  return placeModel(file, { ...wish, slots: 1, contextTokens }, there).mainBytes
}

/** Chooses the length of the context. Throws `unavailable` where nothing fits. */
function chooseLength(
  file: GgufFile,
  wish: MemoryWish,
  { preferences, room }: { preferences: LoadPreferences; room: Room },
): MemoryPlan {
  const there = availableIn(room, { preferences, measure: ({ wholeBytes }) => wholeBytes })
  const choose = (shortest: number, leastGraphicsLayers: number): MemoryPlan => {
    // A context that the owner asked for is not shortened behind their back.
    const leastContextTokens = preferences.contextTokens === undefined ? shortest : wish.contextTokens
    return chooseContext(file, { ...wish, ...there, leastContextTokens, leastGraphicsLayers })
  }
  const whole = room.graphics && unlessTooLarge(() => choose(shortestWholeTokens, allLayers(file)))
  return whole ?? choose(shortestContextTokens, 0)
}

function wishOf(file: GgufFile, preferences: LoadPreferences): MemoryWish {
  const { contextTokens, slots, batchTokens, cacheType } = preferences
  return {
    contextTokens: contextTokens ?? usualContextTokens,
    slots: slots ?? usualSlots,
    batchTokens,
    checkpoints: checkpointsPerSlot,
    hasFlashAttention: usesFlashAttention(file, preferences),
    ...(cacheType && { cacheType }),
  }
}

function unlessTooLarge(choose: () => MemoryPlan): MemoryPlan | undefined {
  try {
    return choose()
  } catch (error) {
    if (error instanceof ModelError) return undefined
    throw error
  }
}

/** The context that a model is run with where the memory suffices. */
export function contextTokensFor(trained: number, { contextTokens }: Pick<LoadPreferences, 'contextTokens'>): number {
  return Math.min(trained, contextTokens ?? usualContextTokens)
}

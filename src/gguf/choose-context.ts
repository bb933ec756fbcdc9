import { ModelError } from '../core/errors.ts'
import type { GgufFile } from './gguf-file.ts'
import { estimateMemory, size } from './memory.ts'
import type { MemoryWish } from './memory.ts'
import { placeModel } from './placement.ts'
import type { GraphicsWish, Placement } from './placement.ts'
import { fileName } from './refusal.ts'

/** A way to run a model that fits, and what it needs where. */
export interface MemoryPlan {
  readonly contextTokens: number
  readonly slots: number
  readonly placement: Placement
}

/** The memory that there is for a model. */
export interface Available extends GraphicsWish {
  /** Of main memory. */
  readonly availableBytes: number
}

/**
 * Chooses how to run a model in the memory there is: as wished, or with fewer slots, or else with a shorter context
 * down to `leastContextTokens` (2048 by default), and with at least as many layers on a graphics processor as are asked
 * for. A context is never longer than the model was trained for. Throws a refusal that tells the numbers where nothing
 * fits.
 */
export function chooseContext(
  file: GgufFile,
  wish: MemoryWish & Available & { readonly leastContextTokens?: number; readonly leastGraphicsLayers?: number },
): MemoryPlan {
  const longest = Math.min(wish.contextTokens, file.shape.contextTokens)
  const least = Math.min(longest, wish.leastContextTokens ?? 2048)
  for (const { slots, contextTokens } of waysToRun(wish.slots, { longest, least })) {
    const placement = placeModel(file, { ...wish, slots, contextTokens }, wish)
    const hasLayers = placement.graphicsLayers >= (wish.leastGraphicsLayers ?? 0)
    if (hasLayers && placement.mainBytes <= wish.availableBytes) return { contextTokens, slots, placement }
  }
  throw tooLarge(file, { ...wish, slots: 1, contextTokens: least })
}

/** Says what a model needs and what there is. */
function tooLarge(file: GgufFile, wish: MemoryWish & Available): ModelError {
  const { weightsBytes, kvBytes, computeBytes, totalBytes } = estimateMemory(file, wish)
  const context = `${wish.slots} × ${wish.contextTokens.toLocaleString('en-US')} tokens of context`
  const parts = `weights ${size(weightsBytes)}, ${context} ${size(kvBytes)}, computing ${size(computeBytes)}`
  const { availableBytes, graphicsBytes = 0 } = wish
  const beside = graphicsBytes > 0 ? `, and ${size(graphicsBytes)} on the graphics processor` : ''
  return new ModelError(
    'unavailable',
    `${fileName(file.path)} needs ${size(totalBytes)} of memory: ${parts}; ${size(availableBytes)} is available${beside}. ` +
      'Close other programs, or choose a smaller model or a smaller quantisation of this one',
  )
}

function* waysToRun(
  slots: number,
  { longest, least }: { longest: number; least: number },
): Generator<{ readonly slots: number; readonly contextTokens: number }> {
  for (let fewer = slots; fewer > 1; fewer--) yield { slots: fewer, contextTokens: longest }
  for (let shorter = longest; shorter > least; shorter = Math.floor(shorter / 2))
    yield { slots: 1, contextTokens: shorter }
  yield { slots: 1, contextTokens: least }
}

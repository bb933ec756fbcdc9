import type { GgufFile } from './gguf-file.ts'
import { embeddingBytes, estimateMemory } from './memory.ts'
import type { MemoryWish } from './memory.ts'

/** Where the memory of a model lies, on a machine with a graphics processor that has memory of its own. */
export interface Placement {
  readonly mainBytes: number
  readonly graphicsBytes: number
  /** The layers on the graphics processor, the output layer counted as one. */
  readonly graphicsLayers: number
}

/** What there is of a graphics processor for one model. */
export interface GraphicsWish {
  readonly graphicsBytes?: number
  /** The most layers that may lie there; all by default. */
  readonly mostGraphicsLayers?: number
}

/* What a driver and its libraries set up for a process, however little it computes. */
const driverBytes = 512 * 2 ** 20

/**
 * Places a model: all of it on the graphics processor where there is room, or else as many of its layers as there is
 * room for, each with its keys and values. The vectors of tokens are looked up in main memory in any case. What a step
 * takes is counted in both places where layers lie in both. Layers are taken to be alike.
 */
export function placeModel(
  file: GgufFile,
  wish: MemoryWish,
  { graphicsBytes = 0, mostGraphicsLayers = Infinity }: GraphicsWish,
): Placement {
  const { weightsBytes, kvBytes, computeBytes, processBytes, totalBytes } = estimateMemory(file, wish)
  const { layers } = file.shape
  const stayingBytes = embeddingBytes(file) + processBytes
  const wholeBytes = totalBytes - stayingBytes + driverBytes
  if (wholeBytes <= graphicsBytes && allLayers(file) <= mostGraphicsLayers)
    return { mainBytes: stayingBytes, graphicsBytes: wholeBytes, graphicsLayers: allLayers(file) }
  const layerBytes = (weightsBytes - outerBytes(file) + kvBytes) / layers
  const fixedBytes = driverBytes + computeBytes - processBytes
  const fitting = Math.floor((graphicsBytes - fixedBytes) / layerBytes)
  const graphicsLayers = Math.max(0, Math.min(fitting, layers, mostGraphicsLayers))
  const movedBytes = Math.ceil(graphicsLayers * layerBytes)
  return {
    mainBytes: totalBytes - movedBytes,
    graphicsBytes: graphicsLayers === 0 ? 0 : fixedBytes + movedBytes,
    graphicsLayers,
  }
}

/** All layers that can lie on a graphics processor, the output layer among them. */
export function allLayers({ shape }: GgufFile): number {
  return shape.layers + 1
}

/** The weights that belong to no layer: those that come before the first, and after the last one. */
function outerBytes(file: GgufFile): number {
  const outer = file.tensors.filter(({ name }) => !name.startsWith('blk.'))
  const stored = outer.reduce((sum, { bytes }) => sum + bytes, 0)
  return outer.some(({ name }) => name === 'output.weight') ? stored : stored + embeddingBytes(file)
}

import type { GgufMetadata, GgufTensor } from './gguf-file.ts'
import type { HeaderReader } from './header-reader.ts'
import { limits } from './limits.ts'
import { damaged, grouped, quoted, refusal } from './refusal.ts'
import type { TensorType } from './tensor-types.ts'
import { tensorTypes } from './tensor-types.ts'

/** Reads the list of tensors that ends a header, and checks that the file really holds them, one after another. */
export async function readTensors(
  reader: HeaderReader,
  { count, metadata }: { count: number; metadata: GgufMetadata },
): Promise<{ readonly tensors: readonly GgufTensor[]; readonly dataOffset: number }> {
  const alignment = readAlignment(reader.path, metadata)
  const relative: GgufTensor[] = []
  const names = new Set<string>()
  let next = 0
  for (let index = 0; index < count; index++) {
    const tensor = await readTensor(reader, index)
    if (names.has(tensor.name)) throw damaged(reader.path, `the tensor ${quoted(tensor.name)} occurs twice`)
    if (tensor.offset !== next) throw misplaced(reader.path, tensor, next)
    names.add(tensor.name)
    relative.push(tensor)
    next = padded(tensor.offset + tensor.bytes, alignment)
    if (!Number.isSafeInteger(next)) throw damaged(reader.path, 'its tensors are larger than any file')
  }
  const dataOffset = padded(reader.position, alignment)
  const tensors = relative.map(tensor => ({ ...tensor, offset: tensor.offset + dataOffset }))
  requireWhole(reader, tensors)
  return { tensors, dataOffset }
}

function readAlignment(path: string, metadata: GgufMetadata): number {
  const alignment = metadata.get('general.alignment')
  if (!alignment) return 32
  const value = alignment.type === 'u32' ? Number(alignment.value) : 0
  const isPowerOfTwo = value > 0 && Number.isInteger(Math.log2(value))
  if (isPowerOfTwo && value >= 8 && value <= limits.alignment) return value
  throw damaged(path, `general.alignment must be a power of two from 8 to ${grouped(limits.alignment)}`)
}

/** Reads one tensor; its offset counts from the start of the data. */
async function readTensor(reader: HeaderReader, index: number): Promise<GgufTensor> {
  const name = await reader.text(`the name of tensor ${index}`, limits.tensorNameBytes)
  if (!/^[\x20-\x7e]+$/.test(name))
    throw damaged(reader.path, `the name of tensor ${index} is empty or not plain ASCII`)
  const dimensions = await readDimensions(reader, name)
  const typeId = await reader.u32()
  const type = tensorTypes.get(typeId)
  if (!type) {
    const unknown = `has the tensor ${quoted(name)} of type ${typeId}, which the engine does not know`
    throw refusal(reader.path, `${unknown}; choose another quantisation of the model, such as Q4_K_M`)
  }
  const offset = await reader.count(`the offset of the tensor ${quoted(name)}`, Number.MAX_SAFE_INTEGER)
  return { name, type: type.name, dimensions, offset, bytes: tensorBytes(reader.path, { name, dimensions, type }) }
}

async function readDimensions(reader: HeaderReader, name: string): Promise<readonly number[]> {
  const count = await reader.u32()
  if (count < 1 || count > limits.dimensions) {
    throw damaged(reader.path, `the tensor ${quoted(name)} has ${grouped(count)} dimensions; 1 to 4 are possible`)
  }
  const dimensions: number[] = []
  for (let index = 0; index < count; index++) {
    const length = await reader.count(`dimension ${index} of the tensor ${quoted(name)}`, Number.MAX_SAFE_INTEGER)
    if (length === 0) throw damaged(reader.path, `dimension ${index} of the tensor ${quoted(name)} is zero`)
    dimensions.push(length)
  }
  return dimensions
}

function tensorBytes(
  path: string,
  { name, dimensions, type }: { name: string; dimensions: readonly number[]; type: TensorType },
): number {
  const rowElements = dimensions[0] ?? 0
  if (rowElements % type.blockElements !== 0) {
    const rows = `rows of ${grouped(rowElements)} elements in blocks of ${type.blockElements}`
    throw damaged(path, `the tensor ${quoted(name)} has ${rows} (${type.name})`)
  }
  const elements = dimensions.reduce((product, dimension) => product * BigInt(dimension), 1n)
  const bytes = (elements / BigInt(type.blockElements)) * BigInt(type.blockBytes)
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(path, `the tensor ${quoted(name)} is larger than any file`)
  return Number(bytes)
}

function misplaced(path: string, tensor: GgufTensor, expected: number): Error {
  const places = `begins at ${grouped(tensor.offset)}, where ${grouped(expected)} is due`
  return damaged(path, `the tensor ${quoted(tensor.name)} ${places}`)
}

function requireWhole(reader: HeaderReader, tensors: readonly GgufTensor[]): void {
  const last = tensors.at(-1)
  if (!last) throw refusal(reader.path, 'holds no weights: it has no tensors; download the model itself')
  const promised = last.offset + last.bytes
  if (promised <= reader.sizeBytes) return
  const sizes = `the header promises ${grouped(promised)} bytes, the file has ${grouped(reader.sizeBytes)}`
  throw refusal(reader.path, `is cut short: ${sizes}; download it again`)
}

function padded(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment
}

/** The ids that GGUF gives to the types of metadata values. */
export const valueTypes = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const

type NumberType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64'

/** A metadata value to write. `raw` writes any type id and any bytes, for files that lie. */
export type MetadataValue =
  | { readonly type: NumberType; readonly value: number }
  | { readonly type: 'u64'; readonly value: bigint }
  | { readonly type: 'i64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly of: 'string'; readonly values: readonly string[] }
  | { readonly type: 'array'; readonly of: NumberType; readonly values: readonly number[] }
  | { readonly type: 'raw'; readonly typeId: number; readonly bytes: Uint8Array }

/** A tensor to write. `dimensions` begin with the fastest-running one; `typeId` 0 is F32. */
export interface TensorToWrite {
  readonly name: string
  readonly dimensions: readonly (number | bigint)[]
  readonly typeId: number
  readonly data: Uint8Array
  /** Written instead of the place where the data really is, from the start of the data section. */
  readonly offset?: bigint
  /** Written instead of the number of dimensions. */
  readonly dimensionCount?: number
}

/** What a GGUF file says. The counts are the true ones unless they are given. */
export interface GgufToWrite {
  readonly magic?: string
  readonly version?: number
  readonly metadata: readonly (readonly [key: string, value: MetadataValue])[]
  readonly tensors: readonly TensorToWrite[]
  readonly metadataCount?: bigint
  readonly tensorCount?: bigint
  /** How the data is aligned. It is told to readers only by a `general.alignment` in `metadata`. */
  readonly alignment?: number
}

/** Gives the bytes of a GGUF file, true or false. */
export function encodeGguf(file: GgufToWrite): Uint8Array {
  const alignment = file.alignment ?? 32
  const pieces: Uint8Array[] = [
    new TextEncoder().encode(file.magic ?? 'GGUF'),
    u32(file.version ?? 3),
    u64(file.tensorCount ?? BigInt(file.tensors.length)),
    u64(file.metadataCount ?? BigInt(file.metadata.length)),
    ...file.metadata.flatMap(([key, value]) => [text(key), u32(typeId(value)), ...valueBytes(value)]),
  ]
  let offset = 0
  for (const tensor of file.tensors) {
    pieces.push(...tensorHeader(tensor, offset))
    offset += padded(tensor.data.length, alignment)
  }
  const headerBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  pieces.push(new Uint8Array(padded(headerBytes, alignment) - headerBytes))
  for (const { data } of file.tensors) pieces.push(data, new Uint8Array(padded(data.length, alignment) - data.length))
  return Buffer.concat(pieces)
}

/** Gives floats as little-endian F32 bytes, whatever the machine. */
export function float32Bytes(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  for (let index = 0; index < values.length; index++) view.setFloat32(index * 4, values[index] ?? 0, true)
  return new Uint8Array(view.buffer)
}

/** Gives a string as GGUF spells it: its length in bytes, then UTF-8. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value)
  return Buffer.concat([u64(BigInt(bytes.length)), bytes])
}

export function u32(value: number): Uint8Array {
  return number('u32', value)
}

export function u64(value: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, value, true)
  return new Uint8Array(view.buffer)
}

function tensorHeader(tensor: TensorToWrite, offset: number): readonly Uint8Array[] {
  return [
    text(tensor.name),
    u32(tensor.dimensionCount ?? tensor.dimensions.length),
    ...tensor.dimensions.map(dimension => u64(BigInt(dimension))),
    u32(tensor.typeId),
    u64(tensor.offset ?? BigInt(offset)),
  ]
}

function typeId(value: MetadataValue): number {
  return value.type === 'raw' ? value.typeId : valueTypes[value.type]
}

function valueBytes(value: MetadataValue): readonly Uint8Array[] {
  if (value.type === 'raw') return [value.bytes]
  if (value.type === 'string') return [text(value.value)]
  if (value.type === 'bool') return [number('u8', value.value ? 1 : 0)]
  if (value.type === 'u64' || value.type === 'i64') return [u64(BigInt.asUintN(64, value.value))]
  if (value.type !== 'array') return [number(value.type, value.value)]
  return [u32(valueTypes[value.of]), u64(BigInt(value.values.length)), ...elements(value)]
}

function elements(array: Extract<MetadataValue, { type: 'array' }>): readonly Uint8Array[] {
  if (array.of === 'string') return array.values.map(text)
  return array.values.map(value => number(array.of, value))
}

const numberWriters: Readonly<
  Record<NumberType, readonly [bytes: number, write: (view: DataView, value: number) => void]>
> = {
  u8: [1, (view, value) => view.setUint8(0, value)],
  i8: [1, (view, value) => view.setInt8(0, value)],
  u16: [2, (view, value) => view.setUint16(0, value, true)],
  i16: [2, (view, value) => view.setInt16(0, value, true)],
  u32: [4, (view, value) => view.setUint32(0, value, true)],
  i32: [4, (view, value) => view.setInt32(0, value, true)],
  f32: [4, (view, value) => view.setFloat32(0, value, true)],
  f64: [8, (view, value) => view.setFloat64(0, value, true)],
}

function number(type: NumberType, value: number): Uint8Array {
  const [bytes, write] = numberWriters[type]
  const view = new DataView(new ArrayBuffer(bytes))
  write(view, value)
  return new Uint8Array(view.buffer)
}

function padded(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment
}

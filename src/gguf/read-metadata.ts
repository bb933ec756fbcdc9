import type { GgufArray, GgufMetadata, GgufScalar, GgufValue, ScalarType } from './gguf-file.ts'
import type { HeaderReader } from './header-reader.ts'
import { limits } from './limits.ts'
import { damaged, grouped, quoted } from './refusal.ts'

/** Reads the metadata of a header: so many entries, each with its own key. Long lists are passed over. */
export async function readMetadata(reader: HeaderReader, entries: number): Promise<GgufMetadata> {
  const metadata = new Map<string, GgufValue>()
  let keptBytes = 0
  for (let index = 0; index < entries; index++) {
    const key = await reader.text(`metadata key ${index}`, limits.keyBytes)
    if (!/^[\x20-\x7e]+$/.test(key)) throw damaged(reader.path, `metadata key ${index} is empty or not plain ASCII`)
    if (metadata.has(key)) throw damaged(reader.path, `the metadata key ${quoted(key)} occurs twice`)
    const value = await readValue(reader, key)
    keptBytes += keptTextBytes(value)
    if (keptBytes > limits.keptTextBytes) throw damaged(reader.path, 'its metadata holds too much text')
    metadata.set(key, value)
  }
  return metadata
}

async function readValue(reader: HeaderReader, key: string): Promise<GgufValue> {
  const typeId = await reader.u32()
  if (typeId === arrayTypeId) return readArray(reader, key)
  const type = scalarTypes[typeId]
  if (!type) throw damaged(reader.path, `the metadata key ${quoted(key)} has the unknown type ${typeId}`)
  return { type, value: await readScalar(reader, key, type) }
}

async function readArray(reader: HeaderReader, key: string): Promise<GgufArray> {
  const typeId = await reader.u32()
  if (typeId === arrayTypeId) throw damaged(reader.path, `the metadata key ${quoted(key)} is a list of lists`)
  const of = scalarTypes[typeId]
  if (!of) throw damaged(reader.path, `the metadata key ${quoted(key)} is a list of the unknown type ${typeId}`)
  const isTokens = key === 'tokenizer.ggml.tokens'
  const most = isTokens ? limits.vocabulary : limits.arrayLength
  const length = await reader.count(`the length of ${quoted(key)}`, most)
  const offset = reader.position
  if (isTokens && of === 'string') {
    await passTokens(reader, length)
    return { type: 'array', of, length, offset }
  }
  if (length > (of === 'string' ? limits.keptStringArrayLength : limits.keptArrayLength)) {
    await (of === 'string' ? reader.skipTexts(length) : reader.skip(length * scalarBytes[of]))
    return { type: 'array', of, length, offset }
  }
  const values: GgufScalar[] = []
  for (let index = 0; index < length; index++) values.push(await readScalar(reader, key, of))
  return { type: 'array', of, length, offset, values }
}

/** Passes over the vocabulary. llama.cpp ends its process where two tokens are alike, so that is found here. */
async function passTokens(reader: HeaderReader, length: number): Promise<void> {
  const seen = new Set<string>()
  let bytes = 0
  let empty = 0
  await reader.skipTexts(length, token => {
    bytes += token.length
    if (bytes > limits.vocabularyBytes) {
      throw damaged(reader.path, `its vocabulary is larger than ${grouped(limits.vocabularyBytes)} bytes`)
    }
    // llama.cpp gives each empty token a name of its own.
    if (token.length === 0) empty += 1
    else seen.add(token.toString('latin1'))
  })
  if (seen.size + empty < length) throw damaged(reader.path, 'two of its tokens are alike')
}

async function readScalar(reader: HeaderReader, key: string, type: ScalarType): Promise<GgufScalar> {
  if (type === 'string') return reader.text(quoted(key), limits.textBytes)
  const bytes = await reader.bytes(scalarBytes[type])
  if (type !== 'bool') return numberReaders[type](bytes)
  const value = bytes.readUInt8()
  if (value > 1) throw damaged(reader.path, `the metadata key ${quoted(key)} is neither true nor false but ${value}`)
  return value === 1
}

const arrayTypeId = 9

// The place of a type in this list is its id in the file; 9 is the array.
const scalarTypes: readonly (ScalarType | undefined)[] = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  undefined,
  'u64',
  'i64',
  'f64',
]

type FixedType = Exclude<ScalarType, 'string'>

const scalarBytes: Readonly<Record<FixedType, number>> = {
  u8: 1,
  i8: 1,
  bool: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
}

const numberReaders: Readonly<Record<Exclude<FixedType, 'bool'>, (bytes: Buffer) => number | bigint>> = {
  u8: bytes => bytes.readUInt8(),
  i8: bytes => bytes.readInt8(),
  u16: bytes => bytes.readUInt16LE(),
  i16: bytes => bytes.readInt16LE(),
  u32: bytes => bytes.readUInt32LE(),
  i32: bytes => bytes.readInt32LE(),
  f32: bytes => bytes.readFloatLE(),
  u64: bytes => narrowed(bytes.readBigUInt64LE()),
  i64: bytes => narrowed(bytes.readBigInt64LE()),
  f64: bytes => bytes.readDoubleLE(),
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function keptTextBytes(value: GgufValue): number {
  if (value.type !== 'array') return typeof value.value === 'string' ? value.value.length : 8
  return (value.values ?? []).reduce<number>((sum, item) => sum + (typeof item === 'string' ? item.length : 8), 0)
}

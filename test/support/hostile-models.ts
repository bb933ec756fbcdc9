import type { GgufToWrite, MetadataValue, TensorToWrite } from './gguf-writer.ts'
import { encodeGguf, text, u32, u64, valueTypes } from './gguf-writer.ts'
import { tinyModel } from './tiny-model.ts'

export interface HostileModel {
  readonly name: string
  readonly bytes: Uint8Array
}

const model = tinyModel({ layers: 1 })
const whole = encodeGguf(model)
const headerBytes = encodeGguf({ ...model, tensors: model.tensors.map(tensor => ({ ...tensor, data: none() })) }).length
const absurd = [0xffff_ffff_ffff_ffffn, 0x7fff_ffff_ffff_ffffn, 2n ** 53n, 2n ** 32n, 0xffff_ffffn, 2n ** 31n]

/** Every file that a test of the header reader should survive: cut, flipped and lying forms of one sound model. */
export function hostileModels(): readonly HostileModel[] {
  return [
    ...cuts(),
    ...flips(),
    ...lyingCounts(),
    ...lyingMetadata(),
    ...lyingTypes(),
    ...lyingTensors(),
    ...lyingShapes(),
    ...notModels(),
  ]
}

/** Cut at each byte of the fixed part, at the beginning of each entry and tensor, and around the data. */
function cuts(): readonly HostileModel[] {
  const entries = model.metadata.map(
    (_, index) => encodeGguf({ ...model, alignment: 1, metadata: model.metadata.slice(0, index), tensors: [] }).length,
  )
  const infos = model.tensors.map((_, index) => {
    const tensors = model.tensors.slice(0, index).map(tensor => ({ ...tensor, data: none() }))
    return encodeGguf({ ...model, alignment: 1, tensors }).length
  })
  const data = [headerBytes - 1, headerBytes, headerBytes + 1, whole.length - 1, Math.floor(whole.length / 2)]
  const places = [...Array.from({ length: 32 }, (_, index) => index), ...entries, ...infos, ...data]
  return places.map(place => ({ name: `cut at ${place}`, bytes: whole.subarray(0, place) }))
}

/** One changed byte, in places spread over the header. */
function flips(): readonly HostileModel[] {
  const metadataBytes = encodeGguf({ ...model, tensors: [] }).length
  const spread = Array.from({ length: 60 }, (_, index) => Math.floor((index * headerBytes) / 60))
  const tensorPart = Array.from({ length: 60 }, (_, index) =>
    Math.floor(metadataBytes + (index * (headerBytes - metadataBytes)) / 60),
  )
  return [...spread, ...tensorPart].map((place, index) => {
    const bytes = Uint8Array.from(whole)
    bytes[place] = (bytes[place] ?? 0) ^ (index % 2 === 0 ? 0xff : 1 << (index % 8))
    return { name: `byte ${place} changed`, bytes }
  })
}

function lyingCounts(): readonly HostileModel[] {
  const counts = [...absurd, 0n, 1n, 100n, 65_537n]
  return [
    ...counts.map(tensorCount => lie(`${tensorCount} tensors`, { tensorCount })),
    ...counts.map(metadataCount => lie(`${metadataCount} entries`, { metadataCount })),
    ...[0, 1, 4, 0x0300_0000, 0xffff_ffff].map(version => lie(`version ${version}`, { version })),
    ...['GGML', 'gguf', '\0\0\0\0', 'PK\u0003\u0004', '<!DO', 'vers'].map(magic => lie(`magic ${magic}`, { magic })),
  ]
}

function lyingMetadata(): readonly HostileModel[] {
  const { array, string, bool } = valueTypes
  return [
    ...absurd.map(length => entry(`text of ${length}`, raw(string, u64(length)))),
    ...absurd.map(length => entry(`list of ${length} texts`, raw(array, u32(string), u64(length)))),
    ...absurd.map(length => entry(`list of ${length} bytes`, raw(array, u32(0), u64(length)))),
    ...absurd.map(length => entry(`list of ${length} doubles`, raw(array, u32(12), u64(length)))),
    ...[13, 14, 255, 0xffff_ffff].map(type => entry(`type ${type}`, raw(type, u64(0n)))),
    ...[13, 0xffff_ffff].map(type => entry(`list of type ${type}`, raw(array, u32(type), u64(1n), u64(0n)))),
    entry('list of lists', raw(array, u32(array), u64(1n), u32(array), u64(1n), u32(0), u64(0n))),
    entry('deep list of lists', raw(array, ...Array.from({ length: 2000 }, () => [u32(array), u64(1n)]).flat())),
    entry('bool of 2', raw(bool, Uint8Array.of(2))),
    entry('key twice', { type: 'u32', value: 1 }, 'general.architecture'),
    entry('empty key', { type: 'u32', value: 1 }, ''),
    entry('key with a terminal escape', { type: 'u32', value: 1 }, '\u001b[31m'),
    entry('long key', { type: 'u32', value: 1 }, 'k'.repeat(70_000)),
    entry(
      'long text in a list',
      raw(array, u32(string), u64(100n), ...Array.from({ length: 99 }, () => text('a')), u64(2n ** 40n)),
    ),
    ...[0, 1, 3, 4, 33, 48, 2 ** 31, 2 ** 32 - 1].map(value =>
      entry(`alignment ${value}`, { type: 'u32', value }, 'general.alignment'),
    ),
    entry('alignment of text', { type: 'string', value: '32' }, 'general.alignment'),
    entry('alignment of u64', { type: 'u64', value: 32n }, 'general.alignment'),
  ]
}

/** Every known key, given a value of another type. */
function lyingTypes(): readonly HostileModel[] {
  const others: readonly MetadataValue[] = [
    { type: 'string', value: 'x' },
    { type: 'f32', value: Number.NaN },
    { type: 'array', of: 'u32', values: [1, 2, 3] },
  ]
  return model.metadata.flatMap(([key]) =>
    others.map((value, index) => lie(`${key} of another type ${index}`, { metadata: withMetadata(key, value) })),
  )
}

function lyingTensors(): readonly HostileModel[] {
  const first = (name: string, change: Partial<TensorToWrite>) =>
    lie(name, { tensors: model.tensors.map((tensor, index) => (index === 1 ? { ...tensor, ...change } : tensor)) })
  return [
    ...absurd.flatMap(value => [
      first(`dimension ${value}`, { dimensions: [value] }),
      first(`dimensions ${value} × 4`, { dimensions: [value, value, value, value] }),
      first(`offset ${value}`, { offset: value }),
    ]),
    ...[0, 5, 255, 0xffff_ffff].map(dimensionCount => first(`${dimensionCount} dimensions`, { dimensionCount })),
    ...[4, 5, 31, 36, 43, 255, 0xffff_ffff].map(typeId => first(`tensor type ${typeId}`, { typeId })),
    first('a zero dimension', { dimensions: [0] }),
    first('rows that do not fill blocks', { dimensions: [33], typeId: 8 }),
    first('overlapping tensors', { offset: 0n }),
    first('a misaligned tensor', { offset: 7n }),
    first('tensor twice', { name: 'token_embd.weight' }),
    first('a nameless tensor', { name: '' }),
    first('a long name', { name: 'n'.repeat(64) }),
    first('a name with a line break', { name: 'a\nb' }),
    first('a layer too many', { name: 'blk.7.attn_norm.weight' }),
    lie('no tensors', { tensors: [] }),
    lie('no embeddings', { tensors: model.tensors.slice(-1) }),
  ]
}

function lyingShapes(): readonly HostileModel[] {
  const keys = ['block_count', 'context_length', 'embedding_length', 'attention.head_count', 'attention.key_length']
  const numbers = [0, 3, 513, 2 ** 31, 2 ** 32 - 1]
  const absent = ['general.architecture', 'llama.block_count', 'tokenizer.ggml.model', 'tokenizer.ggml.tokens']
  return [
    ...keys.flatMap(key =>
      numbers.map(value => lie(`${key} ${value}`, { metadata: withMetadata(`llama.${key}`, { type: 'u32', value }) })),
    ),
    ...['bos', 'eos'].map(word =>
      lie(`${word} beyond the vocabulary`, {
        metadata: withMetadata(`tokenizer.ggml.${word}_token_id`, { type: 'u32', value: 283 }),
      }),
    ),
    ...['feed_forward_length', 'attention.head_count_kv'].map(key =>
      lie(`no ${key} for weights that need it`, { metadata: withMetadata(`llama.${key}`, { type: 'u32', value: 0 }) }),
    ),
    ...[Number.NaN, -1, Number.POSITIVE_INFINITY].map(value =>
      lie(`epsilon ${value}`, {
        metadata: withMetadata('llama.attention.layer_norm_rms_epsilon', { type: 'f32', value }),
      }),
    ),
    ...absent.map(missing => lie(`no ${missing}`, { metadata: model.metadata.filter(([key]) => key !== missing) })),
    lie('two tokens alike', {
      metadata: withMetadata('tokenizer.ggml.tokens', { type: 'array', of: 'string', values: Array(283).fill('a') }),
    }),
    lie('too few token types', {
      metadata: withMetadata('tokenizer.ggml.token_type', { type: 'array', of: 'i32', values: [1, 2] }),
    }),
    lie('heads of three layers', {
      metadata: withMetadata('llama.attention.head_count', { type: 'array', of: 'u32', values: [4, 4, 4] }),
    }),
    lie('more experts used than there are', {
      metadata: [...model.metadata, ['llama.expert_used_count', { type: 'u32', value: 9 }]],
    }),
  ]
}

function notModels(): readonly HostileModel[] {
  return [
    entry('a part of a split model', { type: 'u16', value: 3 }, 'split.count'),
    entry('a projector', { type: 'string', value: 'mmproj' }, 'general.type'),
    entry('an adapter', { type: 'string', value: 'adapter' }, 'general.type'),
    { name: 'random bytes', bytes: whole.subarray(headerBytes, headerBytes + 4096) },
    { name: 'zeros', bytes: new Uint8Array(4096) },
  ]
}

function lie(name: string, change: Partial<GgufToWrite>): HostileModel {
  return { name, bytes: encodeGguf({ ...model, ...change }) }
}

/** The sound model with one more entry. */
function entry(name: string, value: MetadataValue, key = 'extra.key'): HostileModel {
  return lie(name, { metadata: [...model.metadata, [key, value]] })
}

function raw(typeId: number, ...bytes: readonly Uint8Array[]): MetadataValue {
  return { type: 'raw', typeId, bytes: Buffer.concat(bytes) }
}

function withMetadata(key: string, value: MetadataValue): GgufToWrite['metadata'] {
  return model.metadata.map(entry => (entry[0] === key ? [key, value] : entry))
}

function none(): Uint8Array {
  return new Uint8Array()
}

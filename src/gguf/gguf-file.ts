/** The types of single metadata values. */
export type ScalarType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'bool' | 'string' | 'u64' | 'i64' | 'f64'

/** A single metadata value. 64-bit integers are numbers where a number can say them. */
export type GgufScalar = string | number | bigint | boolean

/** A list in the metadata. Long ones stay in the file: `offset` is where their first element begins. */
export interface GgufArray {
  readonly type: 'array'
  readonly of: ScalarType
  readonly length: number
  readonly offset: number
  /** The elements of a short list. */
  readonly values?: readonly GgufScalar[]
}

export type GgufValue = { readonly type: ScalarType; readonly value: GgufScalar } | GgufArray

export type GgufMetadata = ReadonlyMap<string, GgufValue>

/** Where a tensor lies, and what it is made of. `dimensions` begin with the fastest-running one. */
export interface GgufTensor {
  readonly name: string
  readonly type: string
  readonly dimensions: readonly number[]
  /** From the start of the file. */
  readonly offset: number
  readonly bytes: number
}

/** The numbers that make a model what it is. Heads are told for each layer. */
export interface ModelShape {
  readonly architecture: string
  readonly layers: number
  /** How many of the layers only help to guess several tokens at once. Files may leave them out. */
  readonly predictionLayers: number
  /** The context that the model was trained for. */
  readonly contextTokens: number
  readonly embeddingLength: number
  readonly feedForwardLength: number
  readonly heads: readonly number[]
  readonly keyValueHeads: readonly number[]
  readonly keyLength: number
  readonly valueLength: number
  readonly experts: number
  readonly expertsUsed: number
  /** How wide each expert is. */
  readonly expertLength: number
  /** How the vectors of a text's tokens become one, or a score; absent for a model that writes. */
  readonly pooling?: 'mean' | 'cls' | 'last' | 'rank'
  /** Absent where every layer attends to the whole context. */
  readonly slidingWindowTokens?: number
  /** What a recurrent layer remembers of one conversation, in numbers; zero where there is none. */
  readonly recurrentStateLength: number
}

/** What a model reads and writes. */
export interface ModelTokenizer {
  readonly model: string
  readonly pre?: string
  readonly vocabularySize: number
  readonly bosTokenId?: number
  readonly eosTokenId?: number
  readonly addsBos?: boolean
}

/** A model file whose header was read and found consistent. The weights themselves were not read. */
export interface GgufFile {
  readonly path: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly version: number
  readonly metadata: GgufMetadata
  readonly tensors: readonly GgufTensor[]
  /** Where the tensors' data begins. */
  readonly dataOffset: number
  readonly name?: string
  /** The usual name of the quantisation, such as `Q4_K_M`. */
  readonly fileType?: string
  readonly parameters: number
  readonly chatTemplate?: string
  readonly shape: ModelShape
  readonly tokenizer: ModelTokenizer
}

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * The part of node-llama-cpp that the engine uses: its token-level API, one floor below the documented one.
 * The names are the package's own; the version is pinned, and `checkBinding` runs before a model is served.
 */
export interface NativeModel {
  tokenize(text: string, parsesSpecialTokens: boolean): Uint32Array
  detokenize(tokens: Uint32Array, showsSpecialTokens?: boolean): string
  /** A token as the vocabulary writes it. */
  getTokenString(token: number): string | undefined
  tokenBos(): number
  tokenEos(): number
  isEogToken(token: number): boolean
  /** llama.cpp's `llama_token_attr`. */
  getTokenAttributes(token: number): number
  shouldPrependBosToken(): boolean
  shouldAppendEosToken(): boolean
  sepToken(): number
  /** The tokens before what precedes a gap, what fills it and what follows it; -1 for one that is lacking. */
  prefixToken(): number
  middleToken(): number
  suffixToken(): number
  /** llama.cpp's `llama_vocab_type`. */
  getVocabularyType(): number
}

export interface NativeContext {
  initBatch(tokens: number): void
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitsAt: Uint32Array): Uint32Array
  decodeBatch(): Promise<void>
  sampleToken(logits: number, sampler: NativeSampler): Promise<number>
  /** Gives the logits of some tokens too, and the sum of all tokens' weights where the greatest is one. */
  sampleToken(
    logits: number,
    sampler: NativeSampler,
    probabilities: false,
    confidence: false,
    filter: LogitsFilter,
    totalWeight: true,
  ): Promise<readonly [token: number, undefined, undefined, logits: readonly number[] | undefined, totalWeight: number]>
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>
  saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<number>
  loadSequenceStateFromFile(path: string, sequence: number, maxTokens: number): Promise<Uint32Array>
  /** The first position that all layers hold; -1 where the sequence is empty. */
  getSequenceKvCacheMinPosition(sequence: number): number
  getSequenceKvCacheMaxPosition(sequence: number): number
  /** Gives a sequence the states of a checkpoint, and cuts its keys and values after `lastPosition`. */
  restoreCheckpoint(checkpoint: NativeCheckpoint, lastPosition: number, sequence: number): Promise<boolean>
  /** Gives the vector of the first sequence's last batch. */
  getEmbedding(tokens: number): Float64Array
  getThreads(): number
  /** From the next batch on. */
  setThreads(threads: number): void
}

/** The states of a sequence's recurrent layers at one place. */
export interface NativeCheckpoint {
  init(context: NativeContext, sequence: number): Promise<void>
  /** In bytes. */
  readonly size: number
  /** The last position, or -1 where the sequence was empty. */
  readonly maxPos: number
  dispose(): void
}

/** Which tokens' logits are given: those named, the greatest, the least, the drawn one, and so many of the likeliest. */
export type LogitsFilter = readonly [
  tokens: readonly number[],
  greatest: boolean,
  least: boolean,
  drawn: boolean,
  top: number,
]

export interface NativeSampler {
  applyConfig(config: SamplerConfig): void
  dispose(): void
}

/** A grammar that was read without fault. */
export type NativeGrammar = object & { readonly NativeGrammar: never }

/** How far a grammar has been followed. */
export type NativeGrammarState = object & { readonly NativeGrammarState: never }

/** An absent `temperature`, or zero, takes the likeliest token. */
export interface SamplerConfig {
  readonly temperature?: number
  readonly minP?: number
  readonly topK?: number
  readonly topP?: number
  readonly seed?: number
  readonly repeatPenalty?: number
  readonly repeatPenaltyMaxTokens?: number
  readonly repeatPenaltyTokens?: Uint32Array
  readonly repeatPenaltyPresencePenalty?: number
  readonly repeatPenaltyFrequencyPenalty?: number
  readonly tokenBiasKeys?: Uint32Array
  readonly tokenBiasValues?: Float32Array
  /** What may be drawn; absent means anything. */
  readonly grammarEvaluationState?: NativeGrammarState
}

export interface NativeTemplate {
  render(variables: Readonly<Record<string, unknown>>): string
}

/** The package's classes and objects, as far as they are used here. */
export interface NativeBindings {
  readonly AddonSampler: new (model: NativeModel) => NativeSampler
  readonly AddonContextSequenceCheckpoint: new () => NativeCheckpoint
  readonly AddonJinjaRenderer: new (template: string) => NativeTemplate
  /** Throws an `Error` for text that is no grammar. */
  readonly AddonGrammar: new (
    grammar: string,
    options: { readonly addonExports: NativeBindings; readonly rootRuleName: string },
  ) => NativeGrammar
  readonly AddonGrammarEvaluationState: new (model: NativeModel, grammar: NativeGrammar) => NativeGrammarState
  getMathCores(): number
  systemInfo(): string
  getIsArchRecurrent(architecture: string): boolean | undefined
  getIsArchHybrid(architecture: string): boolean | undefined
}

export interface LlamaModel {
  readonly _model: NativeModel
  /** `swaSize` is how far sliding windows look back, as the file says. */
  readonly fileInsights: { readonly swaSize: number | undefined }
  readonly fileInfo: {
    readonly metadata: {
      readonly general: { readonly architecture: string }
      readonly tokenizer?: {
        readonly chat_template?: string
        readonly 'chat_template.rerank'?: string
        readonly ggml?: { readonly tokens?: readonly string[]; readonly token_type?: readonly number[] }
      }
    }
  }
  createContext(options: Readonly<Record<string, unknown>>): Promise<{ readonly _ctx: NativeContext }>
}

export interface Llama {
  readonly _bindings: NativeBindings
  readonly gpu: string | false
  readonly supportsGpuOffloading: boolean
  /** What the package leaves free of a graphics processor's memory, in bytes. */
  readonly vramPaddingSize: number
  /** The memory of all graphics processors, in bytes; `unifiedSize` is what of it is main memory. */
  getVramState(): Promise<{ readonly total: number; readonly free: number; readonly unifiedSize: number }>
  loadModel(options: Readonly<Record<string, unknown>>): Promise<LlamaModel>
}

interface LlamaPackage {
  readonly getLlama: (options: Readonly<Record<string, unknown>>) => Promise<Llama>
}

/** Loads the provisioned engine package. Nothing is built and nothing is downloaded. */
export async function loadLlama(packageDirectory: string): Promise<Llama> {
  const entry = join(packageDirectory, 'dist', 'index.js')
  // The package is not among the dependencies (docs/adr/0009), so this import has no type but the one told here.
  // oxlint-disable-next-line no-unsafe-type-assertion
  const { getLlama } = (await import(pathToFileURL(entry).href)) as LlamaPackage
  return getLlama({ gpu: 'auto', build: 'never', progressLogs: false, logLevel: 'error', maxThreads: 0 })
}

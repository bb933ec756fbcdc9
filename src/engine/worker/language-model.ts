import type { LoadSettings } from '../messages.ts'
import type {
  LlamaModel,
  NativeBindings,
  NativeContext,
  NativeGrammar,
  NativeModel,
  NativeSampler,
  NativeTemplate,
  SamplerConfig,
} from './binding.ts'
import type { PromptPiece } from './control-words.ts'
import { nativeCacheTypes, nativeFlashAttention, openContext, openModel } from './open-model.ts'
import { NativeSlots } from './model-slots.ts'
import type { Logits, ModelSlots } from './model-slots.ts'
import { createPromptTokenizer, createWordTokenizer, joinTokens } from './prompt-tokenizer.ts'
import type { TokenizePieces } from './prompt-tokenizer.ts'
import type { ThreadCounts } from './step-threads.ts'
import { createTokenMeter } from './token-meter.ts'
import type { TokenMeter } from './token-meter.ts'
import { readVocabulary } from './vocabulary.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Draws tokens for one answer; it remembers what it drew where penalties need it. */
export interface Sampler {
  sample(logits: Logits): Promise<number>
  /** Draws only what a grammar allows, from its beginning on; without one, anything again. */
  follow(grammar: NativeGrammar | undefined): void
  dispose(): void
}

/** A loaded model and its slots: what a scheduler needs of the native engine, and nothing else. */
export interface LanguageModel extends ModelSlots {
  readonly threads: number
  readonly system: string
  readonly vocabulary: Vocabulary
  /** The source of the model's own chat template; absent where it brings none. */
  readonly chatTemplate: string | undefined
  readonly bosText: string
  readonly eosText: string
  compileTemplate(source: string): NativeTemplate
  /**
   * The tokens of a rendered prompt, with the one that begins a sequence where the model wants it. A long prompt is read
   * in pieces, with a `pause` between them.
   */
  tokenizePrompt(pieces: readonly PromptPiece[], pause: () => Promise<unknown>): Promise<Uint32Array>
  /** The tokens of a piece of text in which control tokens may be spelled out. */
  tokenize(text: string): Uint32Array
  /** The tokens of text in which nothing is a control token. */
  tokenizeWords(text: string): Uint32Array
  detokenize(tokens: readonly number[]): string
  /** The text of a prompt's tokens, with control tokens spelled out. */
  spellPrompt(tokens: Uint32Array): string
  endsGeneration(token: number): boolean
  createSampler(config: SamplerConfig): Sampler
  createMeter(top: number): TokenMeter
  /** Reads a grammar in GBNF. Throws an `Error` where it is none. */
  compileGrammar(source: string): NativeGrammar
}

/** Loads a model file. Throws what the native engine throws; the file must have been validated before. */
export async function loadLanguageModel(
  settings: LoadSettings,
  onProgress: (fraction: number) => void,
): Promise<LanguageModel> {
  const { bindings, model, threads } = await openModel(settings, onProgress)
  const context = await openContext(model, {
    sequences: settings.slots,
    contextSize: settings.contextTokens,
    batchSize: settings.batchTokens,
    flashAttention: nativeFlashAttention[settings.flashAttention],
    experimentalKvCacheKeyType: nativeCacheTypes[settings.cacheType],
    experimentalKvCacheValueType: nativeCacheTypes[settings.cacheType],
    ...withAdapters(settings),
    // Without it a sliding-window model forgets what a later turn would reuse.
    swaFullCache: true,
    threads: threads.small,
  })
  const canForget = !hasStates(model, bindings)
  return new LoadedModel({
    settings,
    threads,
    bindings,
    native: model._model,
    context,
    template: model.fileInfo.metadata.tokenizer?.chat_template,
    vocabulary: readVocabulary(model),
    canForget,
    wholeFileTokens: canForget ? windowOf(model) : 0,
  })
}

function hasStates({ fileInfo }: LlamaModel, bindings: NativeBindings): boolean {
  const { architecture } = fileInfo.metadata.general
  return (bindings.getIsArchRecurrent(architecture) ?? false) || (bindings.getIsArchHybrid(architecture) ?? false)
}

/* What llama.cpp takes for the window where the file does not say it. */
const usualWindows = new Map([
  ['exaone4', 4096],
  ['gemma2', 4096],
  ['llama4', 8192],
  ['smallthinker', 4096],
])

/** How far back layers with sliding windows look, in tokens. */
function windowOf({ fileInfo, fileInsights }: LlamaModel): number {
  return fileInsights.swaSize ?? usualWindows.get(fileInfo.metadata.general.architecture) ?? Infinity
}

function withAdapters({ adapters }: LoadSettings): Readonly<Record<string, unknown>> {
  if (adapters.length === 0) return {}
  return { lora: { adapters: adapters.map(({ path, scale }) => ({ filePath: path, scale })) } }
}

interface Parts {
  readonly settings: LoadSettings
  readonly threads: ThreadCounts
  readonly bindings: NativeBindings
  readonly native: NativeModel
  readonly context: NativeContext
  readonly template: string | undefined
  readonly vocabulary: Vocabulary
  readonly canForget: boolean
  readonly wholeFileTokens: number
}

/* Others wait for this many at most, a few milliseconds. */
const manyTokens = 1024

class LoadedModel extends NativeSlots implements LanguageModel {
  readonly threads: number
  readonly system: string
  readonly vocabulary: Vocabulary
  readonly chatTemplate: string | undefined
  readonly bosText: string
  readonly eosText: string
  readonly #bindings: NativeBindings
  readonly #native: NativeModel
  readonly #context: NativeContext
  readonly #tokensOf: TokenizePieces
  readonly #wordsOf: TokenizePieces

  constructor({
    settings,
    threads,
    bindings,
    native,
    context,
    template,
    vocabulary,
    canForget,
    wholeFileTokens,
  }: Parts) {
    super(context, bindings, { ...settings, threads, canForget, wholeFileTokens })
    this.threads = threads.small
    this.system = bindings.systemInfo()
    this.vocabulary = vocabulary
    this.#bindings = bindings
    this.#native = native
    this.#context = context
    const { special, breaksAtLines } = vocabulary
    this.#tokensOf = createPromptTokenizer(piece => native.tokenize(piece, true), {
      specials: special.all,
      breaksAtLines,
    })
    this.#wordsOf = createWordTokenizer(piece => native.tokenize(piece, false), {
      specials: special.inWords,
      control: special.control,
      breaksAtLines,
    })
    this.chatTemplate = template
    this.bosText = this.#specialText(native.tokenBos())
    this.eosText = this.#specialText(native.tokenEos())
  }

  compileTemplate(source: string): NativeTemplate {
    return new this.#bindings.AddonJinjaRenderer(source)
  }

  async tokenizePrompt(pieces: readonly PromptPiece[], pause: () => Promise<unknown>): Promise<Uint32Array> {
    const read: Uint32Array[] = []
    let unpaused = 0
    for (const { text, isWords } of pieces) {
      for (const tokens of isWords ? this.#wordsOf(text) : this.#tokensOf(text)) {
        read.push(tokens)
        unpaused += tokens.length
        if (unpaused < manyTokens) continue
        await pause()
        unpaused = 0
      }
    }
    const tokens = joinTokens(read)
    const { opening } = this.vocabulary
    if (opening === undefined || tokens[0] === opening) return tokens
    return joinTokens([Uint32Array.of(opening), tokens])
  }

  tokenize(text: string): Uint32Array {
    return joinTokens(Array.from(this.#tokensOf(text)))
  }

  tokenizeWords(text: string): Uint32Array {
    return joinTokens(Array.from(this.#wordsOf(text)))
  }

  detokenize(tokens: readonly number[]): string {
    return this.#native.detokenize(Uint32Array.from(tokens))
  }

  spellPrompt(tokens: Uint32Array): string {
    return tokens.length === 0 ? '' : this.#native.detokenize(tokens, true)
  }

  endsGeneration(token: number): boolean {
    return this.#native.isEogToken(token)
  }

  createSampler(config: SamplerConfig): Sampler {
    const sampler: NativeSampler = new this.#bindings.AddonSampler(this.#native)
    sampler.applyConfig(config)
    // A configuration that is applied again must bring what penalties are to remember.
    const drawn: number[] = []
    const window = config.repeatPenaltyMaxTokens ?? 0
    return {
      sample: async logits => {
        const token = await this.#context.sampleToken(logits, sampler)
        if (window > 0) drawn.push(token)
        return token
      },
      follow: grammar =>
        sampler.applyConfig({
          ...config,
          ...(window > 0 && { repeatPenaltyTokens: Uint32Array.from(drawn.slice(-window)) }),
          ...(grammar && {
            grammarEvaluationState: new this.#bindings.AddonGrammarEvaluationState(this.#native, grammar),
          }),
        }),
      dispose: () => sampler.dispose(),
    }
  }

  createMeter(top: number): TokenMeter {
    return createTokenMeter({ bindings: this.#bindings, native: this.#native, context: this.#context }, top)
  }

  compileGrammar(source: string): NativeGrammar {
    return new this.#bindings.AddonGrammar(source, { addonExports: this.#bindings, rootRuleName: 'root' })
  }

  #specialText(token: number): string {
    return token < 0 ? '' : this.#native.detokenize(Uint32Array.of(token), true)
  }
}

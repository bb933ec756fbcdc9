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
import { nativeFlashAttention, openModel } from './open-model.ts'
import { createPromptTokenizer, joinTokens } from './prompt-tokenizer.ts'
import type { Tokenize } from './prompt-tokenizer.ts'
import { createTokenMeter } from './token-meter.ts'
import type { TokenMeter } from './token-meter.ts'
import { readVocabulary } from './vocabulary.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A piece of one slot's tokens, to be evaluated from `position` on. */
export interface BatchEntry {
  readonly slot: number
  readonly position: number
  readonly tokens: Uint32Array
  /** Whether the token after this piece is to be sampled. */
  readonly samples: boolean
  /** Whether the logits after every one of its tokens are wanted. */
  readonly measures?: boolean
}

/** Where the logits after one token are, until the next batch. */
export type Logits = number

/** Draws tokens for one answer; it remembers what it drew where penalties need it. */
export interface Sampler {
  sample(logits: Logits): Promise<number>
  /** Draws only what a grammar allows, from its beginning on; without one, anything again. */
  follow(grammar: NativeGrammar | undefined): void
  dispose(): void
}

/** A loaded model and its slots: what a scheduler needs of the native engine, and nothing else. */
export interface LanguageModel {
  readonly contextTokens: number
  readonly slots: number
  readonly batchTokens: number
  readonly threads: number
  readonly system: string
  /**
   * Whether a slot may keep the front of what it holds and forget the rest.
   * Recurrent models cannot: their state has no front.
   */
  readonly canForget: boolean
  readonly vocabulary: Vocabulary
  /** The source of the model's own chat template; absent where it brings none. */
  readonly chatTemplate: string | undefined
  readonly bosText: string
  readonly eosText: string
  compileTemplate(source: string): NativeTemplate
  /** The tokens of a rendered prompt, with the one that begins a sequence where the model wants it. */
  tokenizePrompt(text: string): Uint32Array
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
  /** Evaluates a batch; gives the places of the logits that each entry wants, those of the last token last. */
  evaluate(entries: readonly BatchEntry[]): Promise<readonly (readonly Logits[])[]>
  /** Drops what a slot holds from `position` on; false where the model cannot. */
  forget(slot: number, position: number): boolean
  /** Makes `target` hold what `source` holds. */
  copy(target: number, source: number): Promise<void>
  /** Writes what a slot holds to a file, with the tokens that it stands for. */
  saveSlot(slot: number, path: string, tokens: Uint32Array): Promise<void>
  /** Makes a slot hold what a file holds; gives its tokens. Throws what the native engine throws. */
  loadSlot(slot: number, path: string): Promise<Uint32Array>
}

const nothing = new Uint32Array(0)

/* The package passes over a type that it does not know, so the spelling matters. */
const nativeCacheTypes = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const

/** Loads a model file. Throws what the native engine throws; the file must have been validated before. */
export async function loadLanguageModel(
  settings: LoadSettings,
  onProgress: (fraction: number) => void,
): Promise<LanguageModel> {
  const { bindings, model, threads } = await openModel(settings, onProgress)
  const { _ctx: context } = await model.createContext({
    sequences: settings.slots,
    contextSize: settings.contextTokens,
    batchSize: settings.batchTokens,
    flashAttention: nativeFlashAttention[settings.flashAttention],
    experimentalKvCacheKeyType: nativeCacheTypes[settings.cacheType],
    experimentalKvCacheValueType: nativeCacheTypes[settings.cacheType],
    ...withAdapters(settings),
    // Without it a sliding-window model forgets what a later turn would reuse.
    swaFullCache: true,
    threads,
  })
  const { architecture } = model.fileInfo.metadata.general
  return new LoadedModel({
    settings: { ...settings, threads },
    bindings,
    native: model._model,
    context,
    template: model.fileInfo.metadata.tokenizer?.chat_template,
    specials: specialTexts(model),
    vocabulary: readVocabulary(model),
    canForget: !bindings.getIsArchRecurrent(architecture) && !bindings.getIsArchHybrid(architecture),
  })
}

function withAdapters({ adapters }: LoadSettings): Readonly<Record<string, unknown>> {
  if (adapters.length === 0) return {}
  return { lora: { adapters: adapters.map(({ path, scale }) => ({ filePath: path, scale })) } }
}

interface Parts {
  readonly settings: LoadSettings & { readonly threads: number }
  readonly bindings: NativeBindings
  readonly native: NativeModel
  readonly context: NativeContext
  readonly template: string | undefined
  readonly specials: readonly string[]
  readonly vocabulary: Vocabulary
  readonly canForget: boolean
}

/* The types of tokens that are words or pieces of words, and single bytes (llama.cpp's llama_token_type). */
const [normalToken, byteToken] = [1, 6]

/** The texts that the tokenizer looks for before it looks at words. */
function specialTexts({ fileInfo }: LlamaModel): readonly string[] {
  const { tokens = [], token_type: types = [] } = fileInfo.metadata.tokenizer?.ggml ?? {}
  return tokens.filter((_, token) => ![normalToken, byteToken, undefined].includes(types[token]))
}

class LoadedModel implements LanguageModel {
  readonly contextTokens: number
  readonly slots: number
  readonly batchTokens: number
  readonly threads: number
  readonly system: string
  readonly canForget: boolean
  readonly vocabulary: Vocabulary
  readonly chatTemplate: string | undefined
  readonly bosText: string
  readonly eosText: string
  readonly #bindings: NativeBindings
  readonly #native: NativeModel
  readonly #context: NativeContext
  readonly #tokenize: Tokenize

  constructor({ settings, bindings, native, context, template, specials, vocabulary, canForget }: Parts) {
    this.contextTokens = settings.contextTokens
    this.slots = settings.slots
    this.batchTokens = settings.batchTokens
    this.threads = settings.threads
    this.system = bindings.systemInfo()
    this.canForget = canForget
    this.vocabulary = vocabulary
    this.#bindings = bindings
    this.#native = native
    this.#context = context
    this.#tokenize = createPromptTokenizer(piece => native.tokenize(piece, true), specials)
    this.chatTemplate = template
    this.bosText = this.#specialText(native.tokenBos())
    this.eosText = this.#specialText(native.tokenEos())
  }

  compileTemplate(source: string): NativeTemplate {
    return new this.#bindings.AddonJinjaRenderer(source)
  }

  tokenizePrompt(text: string): Uint32Array {
    const tokens = this.tokenize(text)
    const { opening } = this.vocabulary
    if (opening === undefined || tokens[0] === opening) return tokens
    return joinTokens([Uint32Array.of(opening), tokens])
  }

  tokenize(text: string): Uint32Array {
    return this.#tokenize(text)
  }

  tokenizeWords(text: string): Uint32Array {
    return this.#native.tokenize(text, false)
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

  async evaluate(entries: readonly BatchEntry[]): Promise<readonly (readonly Logits[])[]> {
    this.#context.initBatch(entries.reduce((sum, entry) => sum + entry.tokens.length, 0))
    const logits = entries.map(entry =>
      Array.from(this.#context.addToBatch(entry.slot, entry.position, entry.tokens, wantedOf(entry))),
    )
    await this.#context.decodeBatch()
    return logits
  }

  forget(slot: number, position: number): boolean {
    return this.#context.removeTokenCellsFromSequence(slot, position, -1)
  }

  async copy(target: number, source: number): Promise<void> {
    await this.#context.copySequenceStateFromOtherSequence(target, source)
  }

  async saveSlot(slot: number, path: string, tokens: Uint32Array): Promise<void> {
    await this.#context.saveSequenceStateToFile(path, slot, tokens)
  }

  loadSlot(slot: number, path: string): Promise<Uint32Array> {
    return this.#context.loadSequenceStateFromFile(path, slot, this.contextTokens)
  }

  #specialText(token: number): string {
    return token < 0 ? '' : this.#native.detokenize(Uint32Array.of(token), true)
  }
}

/** The tokens of a piece after which logits are wanted. */
function wantedOf({ tokens, samples, measures }: BatchEntry): Uint32Array {
  if (measures) return Uint32Array.from(tokens.keys())
  return samples ? Uint32Array.of(tokens.length - 1) : nothing
}

/**
 * Proves that the native calls do what the scheduler counts on: evaluate, sample, forget and copy.
 * Throws an `Error` that names the call that does not.
 */
export async function checkLanguageModel(model: LanguageModel): Promise<void> {
  const tokens = model.tokenizePrompt('Hello there, hello there')
  const sampler = model.createSampler({ temperature: 0 })
  try {
    const first = await firstToken(model, { slot: 0, position: 0, tokens, samples: true }, sampler)
    if (model.canForget && !model.forget(0, tokens.length - 1))
      throw new Error('the native engine cannot forget tokens')
    if (model.slots > 1) await model.copy(1, 0)
    if (!Number.isInteger(first) || first < 0) throw new Error(`the native engine sampled ${first}, which is no token`)
    if (typeof model.detokenize([first]) !== 'string') throw new Error('the native engine cannot spell a token')
  } finally {
    sampler.dispose()
    for (let slot = 0; slot < Math.min(2, model.slots); slot += 1) model.forget(slot, 0)
  }
}

async function firstToken(model: LanguageModel, entry: BatchEntry, sampler: Sampler): Promise<number> {
  const [[logits] = []] = await model.evaluate([entry])
  if (logits === undefined) throw new Error('the native engine gave no logits')
  return sampler.sample(logits)
}

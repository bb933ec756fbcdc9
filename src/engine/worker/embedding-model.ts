import type { LoadSettings } from '../messages.ts'
import type { NativeContext, NativeModel } from './binding.ts'
import { nativeFlashAttention, openModel } from './open-model.ts'
import { joinTokens } from './prompt-tokenizer.ts'

/** A loaded model that turns texts into vectors. */
export interface EmbeddingModel {
  /** The longest text, with the tokens that begin and end it. */
  readonly contextTokens: number
  readonly threads: number
  readonly system: string
  readonly vectorLength: number
  /** The tokens of a text, with those that begin and end it where the model wants them. */
  tokenize(text: string): Uint32Array
  /** Gives the vector of a text, of length one. */
  embed(tokens: Uint32Array): Promise<Float32Array>
}

/** Loads a model file and tries it. Throws what the native engine throws; the file must have been validated before. */
export async function loadEmbeddingModel(
  settings: LoadSettings,
  onProgress: (fraction: number) => void,
): Promise<EmbeddingModel> {
  const { bindings, model, threads } = await openModel(settings, onProgress)
  const { contextTokens } = settings
  const { _ctx: context } = await model.createContext({
    sequences: 1,
    contextSize: contextTokens,
    // A text is pooled within one batch, and some models must see it as a whole.
    batchSize: contextTokens,
    threads,
    flashAttention: nativeFlashAttention[settings.flashAttention],
    _embeddings: true,
  })
  const tokenize = tokenizerOf(model._model)
  const embed = (tokens: Uint32Array): Promise<Float32Array> => embedTokens(context, tokens)
  const { length: vectorLength } = await embed(tokenize('Hello'))
  return { contextTokens, threads, system: bindings.systemInfo(), vectorLength, tokenize, embed }
}

async function embedTokens(context: NativeContext, tokens: Uint32Array): Promise<Float32Array> {
  context.removeTokenCellsFromSequence(0, 0, -1)
  context.initBatch(tokens.length)
  context.addToBatch(0, 0, tokens, Uint32Array.from(tokens.keys()))
  await context.decodeBatch()
  return normalise(context.getEmbedding(tokens.length))
}

/* The cosine of two vectors of length one is their product, which is what clients compute. */
function normalise(vector: Float64Array): Float32Array {
  const length = Math.hypot(...vector)
  return Float32Array.from(vector, value => (length > 0 ? value / length : 0))
}

/* llama.cpp's number for vocabularies of word pieces, as models of BERT's kind have. */
const wordPieces = 3

/** Text is never read as control tokens: whose it is, is not known. */
function tokenizerOf(native: NativeModel): EmbeddingModel['tokenize'] {
  const hasWordPieces = native.getVocabularyType() === wordPieces
  const first = hasWordPieces || native.shouldPrependBosToken() ? [native.tokenBos()] : []
  const last = hasWordPieces ? [native.sepToken()] : native.shouldAppendEosToken() ? [native.tokenEos()] : []
  const [before, after] = [Uint32Array.from(first), Uint32Array.from(last)]
  return text => joinTokens([before, native.tokenize(text, false), after])
}

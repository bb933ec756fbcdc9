import type { LoadSettings } from '../messages.ts'
import type { NativeContext, NativeModel } from './binding.ts'
import { nativeFlashAttention, openContext, openModel } from './open-model.ts'
import type { OpenedModel } from './open-model.ts'
import { StepThreads } from './step-threads.ts'

/** A loaded model that looks at one whole text at a time. */
export interface PassageContext extends OpenedModel {
  readonly native: NativeModel
  /** Gives what the model pools a text's tokens to. */
  readonly pool: (tokens: Uint32Array) => Promise<Float64Array>
}

/** Loads a model file for texts. Throws what the native engine throws; the file must have been validated before. */
export async function openPassageContext(
  settings: LoadSettings,
  onProgress: (fraction: number) => void,
): Promise<PassageContext> {
  const opened = await openModel(settings, onProgress)
  const { contextTokens } = settings
  const context = await openContext(opened.model, {
    sequences: 1,
    contextSize: contextTokens,
    // A text is pooled within one batch, and some models must see it as a whole.
    batchSize: contextTokens,
    threads: opened.threads.small,
    flashAttention: nativeFlashAttention[settings.flashAttention],
    _embeddings: true,
    ...(settings.use === 'scores' && { _ranking: true }),
  })
  const threads = new StepThreads(opened.threads)
  return { ...opened, native: opened.model._model, pool: tokens => pool(context, tokens, threads) }
}

async function pool(context: NativeContext, tokens: Uint32Array, threads: StepThreads): Promise<Float64Array> {
  context.removeTokenCellsFromSequence(0, 0, -1)
  context.initBatch(tokens.length)
  context.addToBatch(0, 0, tokens, Uint32Array.from(tokens.keys()))
  await threads.decode(context, tokens.length)
  return context.getEmbedding(tokens.length)
}

/* llama.cpp's number for vocabularies of word pieces, as models of BERT's kind have. */
const wordPieces = 3

/** Whether a model's vocabulary is of word pieces. */
export function hasWordPieces(native: NativeModel): boolean {
  return native.getVocabularyType() === wordPieces
}

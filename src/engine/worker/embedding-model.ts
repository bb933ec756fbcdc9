import type { LoadSettings } from '../messages.ts'
import type { NativeModel } from './binding.ts'
import { hasWordPieces, openPassageContext } from './passage-context.ts'
import { joinTokens } from './prompt-tokenizer.ts'
import type { TextModel } from './serve-texts.ts'

/** A loaded model that turns texts into vectors of length one. */
export interface EmbeddingModel extends TextModel {
  readonly vectorLength: number
}

/** Loads a model file and tries it. Throws what the native engine throws; the file must have been validated before. */
export async function loadEmbeddingModel(
  settings: LoadSettings,
  onProgress: (fraction: number) => void,
): Promise<EmbeddingModel> {
  const { bindings, native, threads, pool } = await openPassageContext(settings, onProgress)
  const tokenize = tokenizerOf(native)
  const evaluate = async (tokens: Uint32Array): Promise<Float32Array> => normalise(await pool(tokens))
  const { length: vectorLength } = await evaluate(tokenize('Hello'))
  return {
    contextTokens: settings.contextTokens,
    threads: threads.small,
    system: bindings.systemInfo(),
    vectorLength,
    refusal: 'model: this one makes embeddings and nothing else; ask it at /v1/embeddings, or choose another',
    open: task => {
      if (task.type !== 'embed') return undefined
      const { texts } = task
      return { count: texts.length, field: 'input', tokenize: place => tokenize(texts[place] ?? '') }
    },
    evaluate,
  }
}

/* The cosine of two vectors of length one is their product, which is what clients compute. */
function normalise(vector: Float64Array): Float32Array {
  const length = Math.hypot(...vector)
  return Float32Array.from(vector, value => (length > 0 ? value / length : 0))
}

/** Text is never read as control tokens: whose it is, is not known. */
function tokenizerOf(native: NativeModel): (text: string) => Uint32Array {
  const isOfPieces = hasWordPieces(native)
  const first = isOfPieces || native.shouldPrependBosToken() ? [native.tokenBos()] : []
  const last = isOfPieces ? [native.sepToken()] : native.shouldAppendEosToken() ? [native.tokenEos()] : []
  const [before, after] = [Uint32Array.from(first), Uint32Array.from(last)]
  return text => joinTokens([before, native.tokenize(text, false), after])
}

import type { LlamaModel, NativeModel } from './binding.ts'
import { readSpecialTexts } from './special-texts.ts'
import type { SpecialTexts } from './special-texts.ts'

/** What is known of a model's tokens beside how text is spelled with them. */
export interface Vocabulary {
  /** Tokens have the numbers from zero to one below this. */
  readonly size: number
  readonly special: SpecialTexts
  /** Whether the lines of a text can be read one after the other. */
  readonly breaksAtLines: boolean
  /** The token that the model wants before every text. */
  readonly opening?: number
  /** A token that may stand alone, where a text has none. */
  readonly beginning?: number
  /** What the model is told a gap with: the tokens before what precedes it, what follows it, and what fills it. */
  readonly gap?: { readonly before: number; readonly after: number; readonly filling: number }
}

/** Reads what a model's file says of its tokens, and what the native engine makes of it. */
export function readVocabulary(model: LlamaModel): Vocabulary {
  const { _model: native, fileInfo } = model
  const bos = known(native.tokenBos())
  const beginning = bos ?? known(native.tokenEos())
  const gap = gapOf(native)
  return {
    size: fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0,
    special: readSpecialTexts(model),
    breaksAtLines: breaksAtLines(model),
    ...(bos !== undefined && native.shouldPrependBosToken() && { opening: bos }),
    ...(beginning !== undefined && { beginning }),
    ...(gap && { gap }),
  }
}

/* Byte-level vocabularies write the end of a line as U+010A. */
const goesOnInNextLine = /[\n\u010A][!-~]/

/* Some tokenizers put a space before each text that they are given. */
function breaksAtLines({ _model: native, fileInfo }: LlamaModel): boolean {
  const read = (text: string): readonly number[] => Array.from(native.tokenize(text, false))
  const isWhole = [...read('a\n'), ...read('b')].join(' ') === read('a\nb').join(' ')
  return isWhole && !fileInfo.metadata.tokenizer?.ggml?.tokens?.some(token => goesOnInNextLine.test(token))
}

function gapOf(native: NativeModel): Vocabulary['gap'] {
  const [before, after, filling] = [native.prefixToken(), native.suffixToken(), native.middleToken()].map(known)
  return before === undefined || after === undefined || filling === undefined ? undefined : { before, after, filling }
}

/* The native engine says -1 for a token that a vocabulary lacks. */
function known(token: number): number | undefined {
  return token < 0 ? undefined : token
}

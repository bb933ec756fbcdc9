import type { LlamaModel } from './binding.ts'

/** The texts of a vocabulary's tokens that are found before a text is cut into words. */
export interface SpecialTexts {
  /** What is found in a rendered prompt. */
  readonly all: readonly string[]
  /** Those of them that the native tokenizer finds even in what it is to read as words. */
  readonly inWords: readonly string[]
  /** Those that only a template may write: they tell a model who speaks, and where a turn ends. */
  readonly control: readonly string[]
}

/* llama.cpp's `llama_token_attr`: unknown, control, and words of the vocabulary's own. */
const notInWords = 1 | 8
const special = notInWords | 16

/* A file's `token_type`: unknown and control. */
const controlTypes: ReadonlySet<number | undefined> = new Set([2, 3])

/* What llama.cpp's converter takes for a control token. Older files have it as a word. */
const looksLikeControl = /^<[|｜].*[|｜]>$/su

/**
 * Reads what is special in a vocabulary. llama.cpp makes control tokens of words that end answers, and words of some
 * control tokens that it wants to show, as gpt-oss's `<|start|>`; what either says is control is control here.
 */
export function readSpecialTexts({ _model: native, fileInfo }: LlamaModel): SpecialTexts {
  const { tokens = [], token_type: types = [] } = fileInfo.metadata.tokenizer?.ggml ?? {}
  const all = tokens.flatMap((text, token) => {
    const attributes = native.getTokenAttributes(token)
    const isInWords = (attributes & notInWords) === 0
    const isControl = !isInWords || controlTypes.has(types[token]) || looksLikeControl.test(text)
    return text !== '' && attributes & special ? [{ text, isInWords, isControl }] : []
  })
  const textsOf = (found: typeof all): readonly string[] => found.map(({ text }) => text)
  return {
    all: textsOf(all),
    inWords: textsOf(all.filter(({ isInWords }) => isInWords)),
    control: textsOf(all.filter(({ isControl }) => isControl)),
  }
}

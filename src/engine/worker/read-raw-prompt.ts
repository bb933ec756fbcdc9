import { ModelError } from '../../core/errors.ts'
import type { RawPrompt } from '../raw-prompt.ts'
import type { LanguageModel } from './language-model.ts'
import { joinTokens } from './prompt-tokenizer.ts'

/** A raw prompt as its model reads it. */
export interface ReadRawPrompt {
  readonly tokens: Uint32Array
  /** The prompt's own text. */
  readonly text: string
  /** How many of the first tokens are not in that text. */
  readonly lead: number
}

type Reader = Pick<LanguageModel, 'vocabulary' | 'tokenize' | 'tokenizeWords' | 'spellPrompt' | 'contextTokens'>

/** Puts a raw prompt into tokens. Throws `invalid-request` for what the model cannot be given. */
export function readRawPrompt({ raw, suffix, isEchoed }: RawPrompt, model: Reader): ReadRawPrompt {
  if (typeof raw !== 'string') return readTokens(raw, { suffix, model })
  if (suffix !== undefined) return readAroundGap({ raw, suffix, isEchoed }, model)
  return { text: raw, ...open(model.tokenize(raw), model) }
}

/* Unlike text, tokens are what the client wants them to be, so none is put before them. */
function readTokens(
  ids: readonly number[],
  { suffix, model }: { suffix: string | undefined; model: Reader },
): ReadRawPrompt {
  if (suffix !== undefined) throw wrong('suffix', 'a gap is filled in text only; send the prompt as text')
  const { size } = model.vocabulary
  for (const [place, id] of ids.entries()) {
    // What is no token would be read from beyond the model's weights.
    if (!Number.isSafeInteger(id) || id < 0 || id >= size)
      throw wrong('prompt', `token ${place} is ${id}, and this model has the tokens from 0 to ${size - 1}`)
  }
  const tokens = Uint32Array.from(ids)
  // What does not fit is refused for its length; nobody is to wait for its spelling.
  return { tokens, text: ids.length < model.contextTokens ? model.spellPrompt(tokens) : '', lead: 0 }
}

/* The order here is ours, so what the client writes is read as words: it cannot move the gap. */
function readAroundGap({ raw, suffix, isEchoed }: RawPrompt & { raw: string; suffix: string }, model: Reader) {
  const { gap } = model.vocabulary
  if (!gap) {
    throw wrong(
      'suffix',
      'this model was not made to fill gaps: its file names no tokens for the text before and after one; leave the suffix out, or choose a model for code completion',
    )
  }
  if (isEchoed) throw wrong('echo', 'the prompt is not repeated where a suffix is given; leave one of them out')
  const tokens = joinTokens([
    Uint32Array.of(gap.before),
    model.tokenizeWords(raw),
    Uint32Array.of(gap.after),
    model.tokenizeWords(suffix),
    Uint32Array.of(gap.filling),
  ])
  return { text: raw, ...open(tokens, model) }
}

/** Puts before the tokens of a text what the model wants there, and in place of none what may stand alone. */
function open(
  tokens: Uint32Array,
  { vocabulary: { opening, beginning } }: Reader,
): Pick<ReadRawPrompt, 'tokens' | 'lead'> {
  const first = opening ?? (tokens.length === 0 ? beginning : undefined)
  if (first === undefined || tokens[0] === first) return { tokens, lead: 0 }
  return { tokens: joinTokens([Uint32Array.of(first), tokens]), lead: 1 }
}

function wrong(field: 'prompt' | 'suffix' | 'echo', problem: string): ModelError {
  return new ModelError('invalid-request', `${field}: ${problem}`, { field: [field], code: 'unsupported-value' })
}

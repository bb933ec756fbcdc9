import type { CompletionRequest } from '../../core/completion.ts'
import { maxTokenCount } from '../openai-sampling.ts'
import { Field } from '../json.ts'

type Prompt = CompletionRequest['prompt']

const maxPrompts = 128

/** Reads what is to be gone on from: a text, some texts, the tokens of one, or those of some. */
export function decodePrompts(field: Field): readonly Prompt[] {
  // Nothing to go on from is the beginning of a text.
  if (field.value === null) return ['']
  if (!Array.isArray(field.value)) return [field.string()]
  const [first]: readonly unknown[] = field.value
  if (first === undefined) return field.fail('must hold at least one text or token')
  if (typeof first === 'number') return [decodeTokens(field)]
  return field.items(maxPrompts).map(item => (Array.isArray(first) ? decodeTokens(item) : item.string()))
}

/* Which tokens there are, only the model knows. */
function decodeTokens(field: Field): readonly number[] {
  if (!Array.isArray(field.value) || field.value.length === 0)
    return field.fail('must be a list of at least one token, as the others are', 'wrong-type')
  const tokens: readonly unknown[] = field.value
  return tokens.map((token, place) => (isToken(token) ? token : new Field(token, field, place).integer(anyToken)))
}

/* A long prompt has many tokens, and a wrong one among them is rare. */
function isToken(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= anyToken.min && value <= anyToken.max
}

const anyToken = { min: 0, max: maxTokenCount }

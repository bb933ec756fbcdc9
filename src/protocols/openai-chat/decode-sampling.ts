import type { ModelRequest, Sampling } from '../../core/request.ts'
import { defined, type Field } from '../json.ts'

/** Reads how the next token is to be drawn. `top_k` and `min_p` are not OpenAI's, but many servers know them. */
export function decodeSampling(root: Field): Sampling | undefined {
  const number = (name: string, min: number, max: number) => root.at(name).maybe(field => field.number({ min, max }))
  const sampling: Sampling = defined({
    temperature: number('temperature', 0, 2),
    topP: number('top_p', 0, 1),
    topK: decodeTopK(root.at('top_k')),
    minP: number('min_p', 0, 1),
    seed: root.at('seed').maybe(field => field.integer(anyInteger)),
    frequencyPenalty: number('frequency_penalty', -2, 2),
    presencePenalty: number('presence_penalty', -2, 2),
    logitBias: root.at('logit_bias').maybe(decodeLogitBias),
  })
  return Object.keys(sampling).length > 0 ? sampling : undefined
}

/** Reads the limit under its present name or, where that is absent, under its old one. */
export function decodeMaxTokens(root: Field): number | undefined {
  const limit = (name: string) => root.at(name).maybe(field => field.integer({ min: 1, max: maxTokenCount }))
  const current = limit('max_completion_tokens')
  const old = limit('max_tokens')
  return current ?? old
}

export function decodeStop(field: Field): readonly string[] | undefined {
  if (typeof field.value === 'string') return [field.name(maxStopLength)]
  const sequences = field.items(maxStopSequences).map(item => item.name(maxStopLength))
  return sequences.length > 0 ? sequences : undefined
}

/** Gives zero where only the chosen tokens' own log-probabilities are asked for. */
export function decodeTopLogprobs(root: Field): ModelRequest['topLogprobs'] {
  const top = root.at('top_logprobs')
  const count = top.maybe(field => field.integer({ min: 0, max: 20 }))
  if (root.at('logprobs').maybe(field => field.boolean()) === true) return count ?? 0
  // Zero asks for nothing, so it needs no leave.
  if (count !== undefined && count > 0) top.fail('needs `logprobs` to be true')
  return undefined
}

/** OpenAI's own limit on stop sequences. */
export const maxStopSequences = 4

const maxStopLength = 1024
const maxTokenCount = 2 ** 31 - 1
const maxBiases = 4096
const anyInteger = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }

// Some servers write "no limit" as -1 and others as 0.
function decodeTopK(field: Field): number | undefined {
  const topK = field.maybe(field => field.integer({ min: -1, max: maxTokenCount }))
  return topK === -1 ? 0 : topK
}

function decodeLogitBias(field: Field): Readonly<Record<string, number>> | undefined {
  const tokens = Object.keys(field.object())
  if (tokens.length > maxBiases) field.fail(`must have at most ${maxBiases} tokens, not ${tokens.length}`)
  const biases = tokens.map(token => {
    if (!/^\d{1,10}$/.test(token)) field.fail('must have token ids as keys, such as "50256"')
    return [token, field.at(token).number({ min: -100, max: 100 })] as const
  })
  return biases.length > 0 ? Object.fromEntries(biases) : undefined
}

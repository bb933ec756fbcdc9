import type { Sampling } from '../core/request.ts'
import { defined, type Field } from './json.ts'

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

/** Reads stop sequences: one, or a few. An empty list is none. */
export function decodeStop(field: Field): readonly string[] | undefined {
  if (typeof field.value === 'string') return [field.name(maxStopLength)]
  const sequences = field.items(maxStopSequences).map(item => item.name(maxStopLength))
  return sequences.length > 0 ? sequences : undefined
}

/** OpenAI's own limit on stop sequences. */
export const maxStopSequences = 4

/** The most tokens that a limit can name. */
export const maxTokenCount: number = 2 ** 31 - 1

const maxStopLength = 1024
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

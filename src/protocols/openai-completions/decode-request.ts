import type { CompletionRequest } from '../../core/completion.ts'
import { decodeSampling, decodeStop, maxTokenCount } from '../openai-sampling.ts'
import { defined, Field } from '../json.ts'
import type { DecodedRequest } from '../protocol.ts'
import { decodePrompts } from './decode-prompt.ts'

/** A wish for completions as the client asked for it: a request for each prompt. */
export interface DecodedCompletion extends Omit<DecodedRequest, 'request'> {
  readonly requests: readonly CompletionRequest[]
}

const maxNameLength = 256

/* OpenAI's own number. */
const usualMaxTokens = 16

/* OpenAI's own limit. */
const mostLogprobs = 5

/** Reads a body that asks for completions. Throws `invalid-request` for the first thing that is wrong with it. */
export function decodeRequest(body: unknown): DecodedCompletion {
  const root = new Field(body)
  root.object()
  const model = root.at('model').name(maxNameLength)
  const prompts = decodePrompts(root.at('prompt'))
  requireOne(root.at('n'))
  requireOne(root.at('best_of'))
  const options = root.at('stream_options')
  options.maybe(field => field.object())
  const shared = { model, ...decodeAnswerFields(root) }
  return {
    requests: prompts.map(prompt => ({ ...shared, prompt })),
    isStreaming: root.at('stream').maybe(field => field.boolean()) ?? false,
    includesUsage: options.at('include_usage').maybe(field => field.boolean()) ?? false,
  }
}

function requireOne(field: Field): void {
  const count = field.maybe(given => given.integer({ min: 1, max: 128 })) ?? 1
  if (count !== 1) field.fail(`only one answer a prompt is given, not ${count}; send the prompt ${count} times`)
}

function decodeAnswerFields(root: Field): Omit<CompletionRequest, 'model' | 'prompt'> {
  const maxTokens = root.at('max_tokens').maybe(field => field.integer({ min: 0, max: maxTokenCount }))
  const suffix = root.at('suffix').maybe(field => field.string())
  return {
    maxTokens: maxTokens ?? usualMaxTokens,
    ...defined({
      // At the end of a text there is no gap, and many editors say so.
      suffix: suffix === '' ? undefined : suffix,
      echoesPrompt: root.at('echo').maybe(field => field.boolean()),
      sampling: decodeSampling(root),
      stopSequences: root.at('stop').maybe(decodeStop),
      topLogprobs: root.at('logprobs').maybe(field => field.integer({ min: 0, max: mostLogprobs })),
      userId: root.at('user').maybe(field => field.name(1024)),
    }),
  }
}

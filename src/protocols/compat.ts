import type { Json, JsonObject } from '../core/json.ts'
import type { Loss } from '../core/loss.ts'
import type { ModelRequest, Tool } from '../core/request.ts'
import { arrayIn } from './json.ts'
import type { Compat } from './protocol.ts'

/** Leaves out the fields that the upstream refuses, and notes those in which the client asked for something. */
export function omitFields(body: JsonObject, { omittedFields = [] }: Compat, losses: Loss[]): JsonObject {
  const found = new Set(omittedFields.filter(field => Object.hasOwn(body, field)))
  if (found.size === 0) return body
  for (const field of found) {
    if (isOurs(field, body[field])) continue
    losses.push({ field: neutralNames.get(field) ?? field, action: 'dropped', why: 'the upstream refuses this field' })
  }
  return Object.fromEntries(Object.entries(body).filter(([field]) => !found.has(field)))
}

/** Whether a field is one that no client asked for: without it a request means the same. */
function isOurs(field: string, value: Json | undefined): boolean {
  if (field === 'stream_options') return true
  if (field === 'store') return value === false
  return field === 'include' && (arrayIn(value) ?? []).every(word => word === 'reasoning.encrypted_content')
}

const neutralNames: ReadonlyMap<string, string> = new Map([
  ['temperature', 'sampling.temperature'],
  ['top_p', 'sampling.topP'],
  ['top_k', 'sampling.topK'],
  ['min_p', 'sampling.minP'],
  ['seed', 'sampling.seed'],
  ['frequency_penalty', 'sampling.frequencyPenalty'],
  ['presence_penalty', 'sampling.presencePenalty'],
  ['logit_bias', 'sampling.logitBias'],
  ['stop', 'stopSequences'],
  ['stop_sequences', 'stopSequences'],
  ['tool_choice', 'toolChoice'],
  ['parallel_tool_calls', 'toolChoice.isParallel'],
  ['response_format', 'responseFormat'],
  ['text', 'responseFormat'],
  ['include', 'topLogprobs'],
  ['reasoning_effort', 'effort'],
  ['reasoning', 'effort'],
  ['logprobs', 'topLogprobs'],
  ['top_logprobs', 'topLogprobs'],
  ['user', 'userId'],
  ['prompt_cache_key', 'cacheKey'],
])

/** Gives the one tool that must be called, where the upstream takes no name and so must be offered no other. */
export function soleTool({ tools, toolChoice }: ModelRequest, { toolChoice: form }: Compat): Tool | undefined {
  if (form !== 'words' || toolChoice?.type !== 'tool') return undefined
  return tools?.find(({ name }) => name === toolChoice.name)
}

// OpenAI refuses longer keys. What tells users and prompts apart stands at their beginning.
const maxKeyLength = 64

/** Shortens a key to what OpenAI takes. */
export function shortened(text: string): string {
  return text.length <= maxKeyLength ? text : text.slice(0, maxKeyLength).toWellFormed()
}

/** Why a key is shortened. */
export const tooLongKey = `only its first ${maxKeyLength} characters are sent: OpenAI takes no more`

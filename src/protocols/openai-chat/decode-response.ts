import type { Answer, Written } from '../../core/collect.ts'
import type { Extras } from '../../core/extras.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Stop } from '../../core/stop.ts'
import { arrayIn, objectIn, stringIn } from '../json.ts'
import { broken, decodeStreamError } from '../openai-errors.ts'
import { decodeLogprobs } from './logprobs.ts'
import { readStop } from './stop.ts'
import { decodeUsage } from '../openai-usage.ts'

/** Reads a chat completion. Throws `unavailable` for what is not one. */
export function decodeAnswer(body: unknown): Answer {
  const completion = objectIn(body) ?? {}
  const error = completion['error'] ?? null
  if (error !== null) throw decodeStreamError(error)
  const choice = objectIn(arrayIn(completion['choices'])?.[0]) ?? {}
  const message = objectIn(choice['message'])
  if (!message) throw broken('what is not a chat completion')
  const calls = decodeCalls(message)
  return {
    id: stringIn(completion['id']) ?? '',
    model: stringIn(completion['model']) ?? '',
    blocks: [...decodeReasoning(message), ...decodeText(message, choice['logprobs']), ...calls],
    stop: decodeStop(choice, message),
    usage: decodeUsage(objectIn(completion['usage']) ?? {}),
    ...ownExtras(completion),
  }
}

function decodeStop(choice: JsonObject, message: JsonObject): Stop {
  const reason = stringIn(choice['finish_reason'])
  if (reason === undefined) throw broken('an answer without a finish reason')
  return readStop({
    reason,
    sequence: stringIn(choice['stop_reason']),
    refusal: stringIn(message['refusal']) ?? '',
    calledTools: (arrayIn(message['tool_calls']) ?? []).length > 0,
  })
}

/** Keeps what an upstream says of itself, for clients of the same protocol. */
export function ownExtras(completion: JsonObject): { readonly extras?: Extras } {
  const fingerprint = stringIn(completion['system_fingerprint'])
  return fingerprint === undefined ? {} : { extras: { 'openai-chat': { system_fingerprint: fingerprint } } }
}

function decodeReasoning(message: JsonObject): readonly Written[] {
  const text = stringIn(message['reasoning_content']) ?? stringIn(message['reasoning']) ?? ''
  return text === '' ? [] : [{ block: { type: 'thinking' }, content: text }]
}

function decodeText(message: JsonObject, logprobs: Json | undefined): readonly Written[] {
  const content = message['content'] ?? ''
  if (typeof content !== 'string') throw broken('`content` that is not text')
  const chances = decodeLogprobs(logprobs)
  if (content === '' && chances.length === 0) return []
  return [{ block: { type: 'text' }, content, ...(chances.length > 0 && { logprobs: chances }) }]
}

function decodeCalls(message: JsonObject): readonly Written[] {
  return (arrayIn(message['tool_calls']) ?? []).map(item => {
    const call = objectIn(item)
    const called = objectIn(call?.['function'])
    const id = stringIn(call?.['id'])
    const name = stringIn(called?.['name'])
    if (!id || !name) throw broken('a tool call without an id and a function name')
    return { block: { type: 'tool-call', id, name }, content: stringIn(called?.['arguments']) ?? '' }
  })
}

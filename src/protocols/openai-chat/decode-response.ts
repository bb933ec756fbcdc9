import type { Answer, Written } from '../../core/collect.ts'
import type { Extras } from '../../core/extras.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Stop } from '../../core/stop.ts'
import { arrayIn, objectIn, stringIn } from '../json.ts'
import { broken, decodeStreamError } from '../openai-errors.ts'
import { argumentsIn, madeCallId } from './called.ts'
import { decodeContent, type Said } from './content.ts'
import { decodeLogprobs } from './logprobs.ts'
import { readStop, refuseFailure } from './stop.ts'
import { decodeUsage } from '../openai-usage.ts'

/** Reads a chat completion. Throws `unavailable` for what is not one. */
export function decodeAnswer(body: unknown): Answer {
  const completion = objectIn(body) ?? {}
  const choice = objectIn(arrayIn(completion['choices'])?.[0]) ?? {}
  const error = completion['error'] ?? choice['error'] ?? null
  if (error !== null) throw decodeStreamError(error)
  const message = objectIn(choice['message'])
  if (!message) throw broken('what is not a chat completion')
  const id = stringIn(completion['id']) ?? ''
  return {
    id,
    model: stringIn(completion['model']) ?? '',
    blocks: [...decodeReasoning(message), ...decodeText(message, choice['logprobs']), ...decodeCalls(message, id)],
    stop: decodeStop(choice, message),
    usage: decodeUsage(objectIn(completion['usage']) ?? {}),
    ...ownExtras(completion),
  }
}

function decodeStop(choice: JsonObject, message: JsonObject): Stop {
  const reason = stringIn(choice['finish_reason'])
  if (reason === undefined) throw broken('an answer without a finish reason')
  refuseFailure(reason)
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
  const told = stringIn(message['reasoning_content']) || stringIn(message['reasoning']) || ''
  const text = told + saidIn(message, 'thinking')
  return text === '' ? [] : [{ block: { type: 'thinking' }, content: text }]
}

function decodeText(message: JsonObject, logprobs: Json | undefined): readonly Written[] {
  const content = saidIn(message, 'text')
  const chances = decodeLogprobs(logprobs)
  if (content === '' && chances.length === 0) return []
  return [{ block: { type: 'text' }, content, ...(chances.length > 0 && { logprobs: chances }) }]
}

function saidIn(message: JsonObject, type: Said['type']): string {
  const said = decodeContent(message['content']).filter(piece => piece.type === type)
  return said.map(({ text }) => text).join('')
}

function decodeCalls(message: JsonObject, answerId: string): readonly Written[] {
  return (arrayIn(message['tool_calls']) ?? []).map((item, index) => {
    const call = objectIn(item)
    const called = objectIn(call?.['function'])
    const name = stringIn(called?.['name'])
    if (!name) throw broken('a tool call without a function name')
    const id = stringIn(call?.['id']) || madeCallId(answerId, index)
    return { block: { type: 'tool-call', id, name }, content: argumentsIn(called?.['arguments']) }
  })
}

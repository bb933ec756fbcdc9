import type { Json, JsonObject } from '../../core/json.ts'
import type { ResponseFormat } from '../../core/request.ts'
import { arrayIn, objectIn, stringIn } from '../json.ts'
import type { Compat } from '../protocol.ts'
import { shortCallId } from './call-ids.ts'
import type { Report } from './losses.ts'

/** Puts messages into the form that an upstream wants where it is stricter than OpenAI. */
export function adaptMessages(messages: readonly JsonObject[], compat: Compat, report: Report): readonly JsonObject[] {
  const adapted = messages.map(message => adaptMessage(message, compat))
  const apart = compat.afterToolResults === 'assistant' ? adapted.flatMap(keepApart) : adapted
  if (apart.length > adapted.length) {
    report('messages', 'emulated', 'the upstream wants a word of the assistant between tool results and a user turn')
  }
  return compat.prefill === 'prefix' ? markPrefix(apart) : apart
}

/** Tells the model in words what form its answer must have. */
export function promptFormat(
  messages: readonly JsonObject[],
  format: ResponseFormat | undefined,
): readonly JsonObject[] {
  if (format === undefined || format.type === 'text') return messages
  const demand = 'Answer with one JSON object and nothing else.'
  const schema =
    format.type === 'json-schema' ? ` It must match this JSON Schema:\n${JSON.stringify(format.schema)}` : ''
  const end = messages.findIndex(message => !isOpening(message))
  const at = end < 0 ? messages.length : end
  return messages.toSpliced(at, 0, { role: 'system', content: demand + schema })
}

function isOpening({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

function adaptMessage(message: JsonObject, compat: Compat): JsonObject {
  let adapted = message
  if (compat.developerRole === 'system' && adapted['role'] === 'developer') adapted = { ...adapted, role: 'system' }
  if (compat.textContent === 'string') adapted = withPlainText(adapted)
  if (compat.callIds === 'nine-alphanumerics') adapted = withShortIds(adapted)
  if (compat.requiresReasoning === true) adapted = withReasoning(adapted, compat)
  return adapted
}

function withPlainText(message: JsonObject): JsonObject {
  const parts = arrayIn(message['content'])?.map(objectIn)
  if (!parts?.every(part => part?.['type'] === 'text')) return message
  return { ...message, content: parts.map(part => stringIn(part?.['text']) ?? '').join('\n\n') }
}

function withShortIds(message: JsonObject): JsonObject {
  const answered = stringIn(message['tool_call_id'])
  const calls = arrayIn(message['tool_calls'])
  return {
    ...message,
    ...(answered !== undefined && { tool_call_id: shortCallId(answered) }),
    ...(calls && { tool_calls: calls.map(withShortId) }),
  }
}

function withShortId(call: Json): Json {
  const fields = objectIn(call)
  const id = stringIn(fields?.['id'])
  return id === undefined ? call : { ...fields, id: shortCallId(id) }
}

function withReasoning(message: JsonObject, { reasoningField = 'reasoning_content' }: Compat): JsonObject {
  const isMissing = 'tool_calls' in message && !(reasoningField in message)
  return isMissing && reasoningField !== 'none' ? { ...message, [reasoningField]: '' } : message
}

function keepApart(message: JsonObject, index: number, messages: readonly JsonObject[]): readonly JsonObject[] {
  const isAfterResults = message['role'] === 'user' && messages[index - 1]?.['role'] === 'tool'
  return isAfterResults ? [{ role: 'assistant', content: 'I have the results.' }, message] : [message]
}

function markPrefix(messages: readonly JsonObject[]): readonly JsonObject[] {
  const last = messages.at(-1)
  return last?.['role'] === 'assistant' ? [...messages.slice(0, -1), { ...last, prefix: true }] : messages
}

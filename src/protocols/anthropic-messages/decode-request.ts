import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Effort, Message, ModelRequest, ResponseFormat, Sampling, Thinking } from '../../core/request.ts'
import { defined, Field, isJsonObject } from '../json.ts'
import type { DecodedRequest, RequestHeaders } from '../protocol.ts'
import { decodeCache, decodeContent, decodeTexts } from './decode-content.ts'
import { decodeToolFields } from './decode-tools.ts'
import { asExtras, keptFields } from './extras.ts'
import { betasOf, isStrictVersion } from './version.ts'

const maxModelLength = 256
const maxMessages = 100_000
const maxStopSequences = 1024
const maxCount = 2 ** 31 - 1
const minThinkingBudget = 1024

/** Reads the body of a request for a message. */
export function decodeRequest(body: unknown, headers: RequestHeaders): DecodedRequest {
  const root = readRoot(body)
  const maxTokens = root.at('max_tokens').integer({ min: 0, max: maxCount })
  return {
    request: decodeModelRequest(root, headers, maxTokens),
    isStreaming: root.at('stream').maybe(stream => stream.boolean()) ?? false,
    includesUsage: true,
  }
}

/** Reads the body of a request to count its input. */
export function decodeCountRequest(body: unknown, headers: RequestHeaders): ModelRequest {
  return decodeModelRequest(readRoot(body), headers)
}

function readRoot(body: unknown): Field {
  const root = new Field(body)
  root.object()
  // The rest of such a request may be missing on purpose, so nothing else may be found fault with first.
  if (!root.at('thread').isAbsent) {
    throw new ModelError('invalid-request', 'thread: message threads are not kept here; send the whole conversation', {
      field: ['thread'],
      code: 'unsupported-thread',
    })
  }
  return root
}

function decodeModelRequest(root: Field, headers: RequestHeaders, maxTokens?: number): ModelRequest {
  const isStrict = isStrictVersion(headers)
  const betas = betasOf(headers)
  const model = root.at('model').name(maxModelLength)
  const messages = decodeMessages(root.at('messages'), isStrict)
  const system = root.at('system').maybe(system => decodeTexts(system, { role: 'system', isStrict })) ?? []
  const config = decodeOutputConfig(root)
  return {
    model,
    system,
    messages,
    ...defined({
      ...decodeToolFields(root),
      sampling: decodeSampling(root, isStrict),
      maxTokens,
      stopSequences: root.at('stop_sequences').maybe(decodeStopSequences),
      thinking: root.at('thinking').maybe(thinking => decodeThinking(thinking, { maxTokens, betas })),
      effort: config.effort,
      responseFormat: config.responseFormat,
      userId: decodeUserId(root.at('metadata')),
    }),
    ...decodeCache(root),
    ...asExtras({ ...keptFields(root.object(), 'request'), ...keptWithin(root), ...(betas.length > 0 && { betas }) }),
  }
}

function decodeMessages(messages: Field, isStrict: boolean): readonly Message[] {
  const items = messages.items(maxMessages)
  if (items.length === 0) return messages.fail('must have at least one message')
  return items.map(message => {
    const wire = message.object()
    const role = message.at('role').oneOf(['user', 'assistant', 'system'])
    const content = message.at('content')
    // A turn of the system may be there only for what else it carries.
    const isBare = role === 'system' && content.isAbsent
    return {
      role,
      content: isBare ? [] : decodeContent(content, { role, isStrict }),
      ...asExtras(keptFields(wire, 'message')),
    }
  })
}

function decodeSampling(root: Field, isStrict: boolean): Sampling | undefined {
  const temperature = root.at('temperature')
  const topP = root.at('top_p')
  const topK = root.at('top_k')
  const present = [temperature, topP, topK].find(field => !field.isAbsent)
  if (!present) return undefined
  if (isStrict) return present.fail('this API version has no sampling parameters; leave this field out')
  return defined({
    temperature: temperature.maybe(field => field.number({ min: 0, max: 1 })),
    topP: topP.maybe(field => field.number({ min: 0, max: 1 })),
    topK: topK.maybe(field => field.integer({ min: 0, max: maxCount })),
  })
}

function decodeStopSequences(field: Field): readonly string[] {
  return field.items(maxStopSequences).map(item => {
    const sequence = item.string()
    return sequence.trim() === '' ? item.fail('must have a character that is not white space') : sequence
  })
}

interface ThinkingLimits {
  readonly maxTokens: number | undefined
  readonly betas: readonly string[]
}

const thinkingModes = {
  enabled: 'enabled',
  disabled: 'disabled',
  adaptive: 'adaptive',
  between_tools: 'between-tools',
} as const

function decodeThinking(thinking: Field, limits: ThinkingLimits): Thinking {
  thinking.object()
  const type = thinking.at('type').oneOf(['enabled', 'disabled', 'adaptive', 'between_tools'])
  const budget = thinking.at('budget_tokens')
  return {
    mode: thinkingModes[type],
    ...defined({
      budgetTokens: type === 'enabled' ? decodeBudget(budget, limits) : undefined,
      display: thinking.at('display').maybe(display => display.string()),
    }),
  }
}

function decodeBudget(budget: Field, { maxTokens, betas }: ThinkingLimits): number {
  const tokens = budget.integer({ min: minThinkingBudget, max: maxCount })
  // Between tool calls, a model may think for longer than one answer is.
  const isInterleaved = betas.some(beta => beta.startsWith('interleaved-thinking'))
  if (maxTokens !== undefined && tokens >= maxTokens && !isInterleaved) {
    return budget.fail(`must be less than max_tokens, which is ${maxTokens}; it is ${tokens}`)
  }
  return tokens
}

const efforts: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max'] satisfies readonly Effort[]

function isEffort(word: string): word is Effort {
  return efforts.includes(word)
}

interface OutputConfig {
  readonly effort: Effort | undefined
  readonly responseFormat: ResponseFormat | undefined
}

function decodeOutputConfig(root: Field): OutputConfig {
  const config = root.at('output_config')
  config.maybe(config => config.object())
  const effort = config.at('effort').maybe(effort => effort.string())
  return {
    // A word for effort is a hint, and one that is not known is no fault: it is kept.
    effort: effort !== undefined && isEffort(effort) ? effort : undefined,
    responseFormat: config.at('format').maybe(decodeFormat) ?? root.at('output_format').maybe(decodeFormat),
  }
}

function decodeFormat(format: Field): ResponseFormat {
  format.object()
  format.at('type').oneOf(['json_schema'])
  return { type: 'json-schema', schema: format.at('schema').object() }
}

function decodeUserId(metadata: Field): string | undefined {
  metadata.maybe(metadata => metadata.object())
  return metadata.at('user_id').maybe(userId => userId.string())
}

/** What only this protocol says within fields that are read. */
function keptWithin(root: Field): JsonObject {
  const { value: config } = root.at('output_config')
  const { value: thinking } = root.at('thinking')
  const { value: metadata } = root.at('metadata')
  return defined({
    output_config: isJsonObject(config) ? keptOutputConfig(config) : undefined,
    thinking: isJsonObject(thinking) ? keptFields(thinking, 'thinking_config') : undefined,
    metadata: isJsonObject(metadata) ? keptFields(metadata, 'metadata') : undefined,
  })
}

function keptOutputConfig(config: JsonObject): JsonObject | undefined {
  const { effort } = config
  const isUnknown = typeof effort === 'string' && !isEffort(effort)
  const kept = keptFields(config, 'output_config')
  return isUnknown ? { ...kept, effort } : kept
}

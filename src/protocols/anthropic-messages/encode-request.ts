import { ModelError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import type { ModelRequest, ResponseFormat, Sampling, Thinking, Tool, ToolChoice } from '../../core/request.ts'
import { omitFields } from '../compat.ts'
import { arrayIn, defined, objectIn } from '../json.ts'
import type { Compat, DecodedRequest, EncodedRequest } from '../protocol.ts'
import { encodeBlocks, encodeCache, lose, type Spot, within } from './encode-content.ts'
import { ownExtras } from './extras.ts'
import { lenientVersion } from './version.ts'

// The API wants a number, and every model that is served today can write this much.
const defaultMaxTokens = 8192

/** Says a request as a client of the Messages API does. */
export function encodeRequest(
  { request, isStreaming }: Pick<DecodedRequest, 'request' | 'isStreaming'>,
  compat: Compat = {},
): EncodedRequest {
  const losses: Loss[] = []
  const { betas, output_config, thinking, metadata, ...kept } = ownExtras(request)
  const body: JsonObject = {
    model: request.model,
    max_tokens: encodeMaxTokens(request, losses),
    messages: encodeMessages(request, losses, compat),
    ...encodeSystem(request, losses),
    ...encodeTools(request),
    ...(request.toolChoice && { tool_choice: encodeToolChoice(request.toolChoice) }),
    ...encodeSampling(request.sampling ?? {}, { field: 'sampling', losses }),
    ...defined({ stop_sequences: request.stopSequences }),
    ...object('thinking', { ...encodeThinking(request.thinking), ...objectIn(thinking) }),
    ...object('output_config', { ...encodeOutputConfig(request, losses), ...objectIn(output_config) }),
    ...object('metadata', { ...defined({ user_id: request.userId }), ...objectIn(metadata) }),
    ...encodeCache(request),
    ...(isStreaming && { stream: true }),
    ...kept,
  }
  noteUnsayable(request, losses)
  return { body: omitFields(body, compat, losses), headers: encodeHeaders(betas), losses }
}

/** The older version accepts all that a request may say; the newer one refuses some of it. */
function encodeHeaders(betas: Json | undefined): Readonly<Record<string, string>> {
  const words = arrayIn(betas)?.filter(beta => typeof beta === 'string') ?? []
  return {
    'anthropic-version': lenientVersion,
    ...(words.length > 0 && { 'anthropic-beta': words.join(',') }),
  }
}

function object(name: string, fields: JsonObject): JsonObject {
  return Object.keys(fields).length === 0 ? {} : { [name]: fields }
}

function encodeMaxTokens({ maxTokens }: ModelRequest, losses: Loss[]): number {
  if (maxTokens !== undefined) return maxTokens
  lose({ field: 'maxTokens', losses }, 'emulated', `the API wants a limit, so it is ${defaultMaxTokens}`)
  return defaultMaxTokens
}

function encodeMessages({ messages }: ModelRequest, losses: Loss[], compat: Compat): readonly JsonObject[] {
  return messages.flatMap((message, index) => {
    const content = encodeBlocks(message.content, { field: `messages.${index}.content`, losses, compat })
    // The API refuses a turn that has lost all it had; without it, its neighbours are read as one.
    if (content.length === 0 && message.content.length > 0) return []
    return [{ role: message.role, content, ...ownExtras(message) }]
  })
}

function encodeSystem({ system }: ModelRequest, losses: Loss[]): JsonObject {
  return system.length === 0 ? {} : { system: encodeBlocks(system, { field: 'system', losses }) }
}

function encodeTools({ tools, opaqueTools = [] }: ModelRequest): JsonObject {
  const own = opaqueTools.flatMap(({ protocol, value }) => (protocol === 'anthropic-messages' ? [value] : []))
  return tools === undefined && own.length === 0 ? {} : { tools: [...(tools ?? []).map(encodeTool), ...own] }
}

function encodeTool(tool: Tool): JsonObject {
  const kept = ownExtras(tool)
  // A tool with a type of its own has its schema at Anthropic.
  const isTyped = kept['type'] !== undefined
  return {
    name: tool.name,
    ...(!isTyped && { ...defined({ description: tool.description }), input_schema: tool.inputSchema }),
    ...defined({ strict: tool.isStrict }),
    ...encodeCache(tool),
    ...kept,
  }
}

function encodeToolChoice({ type, name, isParallel }: ToolChoice): JsonObject {
  return {
    type,
    ...(type === 'tool' && name !== undefined && { name }),
    ...(type !== 'none' && isParallel !== undefined && { disable_parallel_tool_use: !isParallel }),
  }
}

function encodeSampling({ temperature, topP, topK, ...rest }: Sampling, spot: Spot): JsonObject {
  for (const field of Object.keys(rest)) lose(within(spot, field), 'dropped', 'the API has no such parameter')
  if (temperature !== undefined && temperature > 1) {
    lose(within(spot, 'temperature'), 'degraded', 'the highest temperature of the API is 1')
  }
  return defined({
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: topP,
    top_k: topK,
  })
}

const thinkingTypes: Readonly<Record<Thinking['mode'], string>> = {
  enabled: 'enabled',
  disabled: 'disabled',
  adaptive: 'adaptive',
  'between-tools': 'between_tools',
}

function encodeThinking(thinking: Thinking | undefined): JsonObject {
  if (!thinking) return {}
  const { mode, budgetTokens, display } = thinking
  return { type: thinkingTypes[mode], ...defined({ budget_tokens: budgetTokens, display }) }
}

function encodeOutputConfig({ effort, responseFormat }: ModelRequest, losses: Loss[]): JsonObject {
  const isTooLow = effort === 'none' || effort === 'minimal'
  if (isTooLow) lose({ field: 'effort', losses }, 'degraded', 'the lowest effort of the API is low')
  return {
    ...defined({ effort: isTooLow ? ('low' as const) : effort }),
    ...encodeFormat(responseFormat, { field: 'responseFormat', losses }),
  }
}

function encodeFormat(format: ResponseFormat | undefined, spot: Spot): JsonObject {
  switch (format?.type) {
    case 'json-schema': {
      const { schema, type: _, ...rest } = format
      for (const field of Object.keys(rest)) lose(within(spot, field), 'dropped', 'the API takes the schema alone')
      return { format: { type: 'json_schema', schema } }
    }
    case 'json-object':
      lose(spot, 'dropped', 'the API has no JSON without a schema')
      return {}
    case 'text':
    case undefined:
      return {}
  }
}

const unsayable = ['topLogprobs', 'metadata', 'cacheKey'] as const

function noteUnsayable(request: ModelRequest, losses: Loss[]): void {
  for (const field of unsayable) {
    if (request[field] !== undefined) lose({ field, losses }, 'dropped', 'the API has no such field')
  }
  if (request.continuation?.type === 'continue') {
    throw new ModelError(
      'invalid-request',
      'the earlier turns of this conversation are not known here; send them all',
      {
        code: 'previous-response-not-found',
      },
    )
  }
}

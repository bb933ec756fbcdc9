import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import type { ModelRequest, ResponseFormat, Tool, ToolChoice } from '../../core/request.ts'
import { omitFields, shortened, soleTool, tooLongKey } from '../compat.ts'
import { defined } from '../json.ts'
import type { Compat, DecodedRequest, EncodedRequest } from '../protocol.ts'
import { adaptMessages, promptFormat } from './adapt-messages.ts'
import { maxStopSequences } from '../openai-sampling.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeThinking } from './encode-thinking.ts'
import { ownExtras, ownFields } from './extras.ts'
import { noCacheMarks, type Report } from './losses.ts'
import type { ChatRequest, FunctionTool, ResponseFormatOption, ToolChoiceOption } from './wire.ts'

/** Writes a request for an upstream that speaks chat completions. */
export function encodeRequest(
  { request, isStreaming }: Pick<DecodedRequest, 'request' | 'isStreaming'>,
  compat: Compat = {},
): EncodedRequest {
  refuseContinuation(request)
  const losses: Loss[] = []
  const report: Report = (field, action, why) => losses.push({ field, action, why })
  const own = ownExtras(request)
  const body: JsonObject = {
    ...own,
    model: request.model,
    ...encodeConversation(request, compat, report),
    ...(isStreaming && { stream: true, stream_options: { include_usage: true } }),
    ...encodeToolFields(request, compat, report),
    ...encodeSampling(request, compat, report),
    ...encodeLimits(request, compat, report),
    ...encodeThinking(request, compat, report),
    ...encodeAnswerFields(request, compat, report),
    ...encodeClientFields(request, own, report),
  }
  return { body: omitFields(body, compat, losses), headers: {}, losses }
}

/** Chat upstreams keep no conversation, and an answer to a part of one would be an answer to something else. */
function refuseContinuation({ continuation }: ModelRequest): void {
  if (continuation?.type !== 'continue') return
  const problem = 'the turns before this request are not known here; send the whole conversation'
  throw new ModelError('invalid-request', problem, { code: 'previous-response-not-found' })
}

type Fields = Partial<ChatRequest>

function encodeConversation(request: ModelRequest, compat: Compat, report: Report): JsonObject {
  const adapted = adaptMessages(encodeMessages(request, { field: 'messages', report, compat }), compat, report)
  const messages = compat.jsonSchema === 'prompted' ? promptFormat(adapted, request.responseFormat) : adapted
  if (compat.prefill !== 'continue-final-message' || request.messages.at(-1)?.role !== 'assistant') return { messages }
  return { messages, continue_final_message: true, add_generation_prompt: false }
}

function encodeToolFields(request: ModelRequest, compat: Compat, report: Report): Fields {
  const { tools, toolChoice } = request
  if (!tools || tools.length === 0) return {}
  const sole = soleTool(request, compat)
  if (sole) report('toolChoice', 'emulated', 'the upstream takes no name, so it is offered this tool alone')
  return defined({
    tools: (sole ? [sole] : tools).map((tool, index) => encodeTool(tool, index, report)),
    tool_choice: sole ? ('required' as const) : toolChoice && encodeToolChoice(toolChoice),
    parallel_tool_calls: toolChoice?.isParallel,
  })
}

function encodeTool(tool: Tool, index: number, report: Report): FunctionTool {
  const { name, description, inputSchema, isStrict } = tool
  if (tool.cache) report(`tools.${index}.cache`, 'dropped', noCacheMarks)
  return {
    ...ownFields(tool),
    type: 'function',
    function: { name, ...defined({ description }), parameters: inputSchema, ...defined({ strict: isStrict }) },
  }
}

function encodeToolChoice({ type, name }: ToolChoice): ToolChoiceOption {
  if (type === 'tool' && name !== undefined) return { type: 'function', function: { name } }
  if (type === 'any' || type === 'tool') return 'required'
  return type
}

function encodeSampling({ sampling = {} }: ModelRequest, compat: Compat, report: Report): JsonObject {
  const taken = compat.extraSampling ?? []
  for (const field of ['topK', 'minP'] as const) {
    const isLost = sampling[field] !== undefined && !taken.includes(field)
    if (isLost) report(`sampling.${field}`, 'dropped', 'OpenAI has no such field')
  }
  const { seed } = sampling
  return defined({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: taken.includes('topK') ? sampling.topK : undefined,
    min_p: taken.includes('minP') ? sampling.minP : undefined,
    ...(compat.seedField === 'random_seed' ? { random_seed: seed } : { seed }),
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    logit_bias: sampling.logitBias,
  })
}

function encodeLimits({ maxTokens, stopSequences = [] }: ModelRequest, compat: Compat, report: Report): Fields {
  if (maxTokens === 0) report('maxTokens', 'degraded', 'Chat cannot ask for no answer at all; one token is asked for')
  if (stopSequences.length > maxStopSequences) {
    report('stopSequences', 'degraded', `Chat takes ${maxStopSequences} stop sequences; the others are left out`)
  }
  return defined({
    [compat.maxTokensField ?? 'max_completion_tokens']: maxTokens === undefined ? undefined : Math.max(1, maxTokens),
    stop: stopSequences.length > 0 ? stopSequences.slice(0, maxStopSequences) : undefined,
  })
}

function encodeAnswerFields(request: ModelRequest, { jsonSchema }: Compat, report: Report): Fields {
  const { responseFormat, topLogprobs } = request
  const isPrompted = jsonSchema === 'prompted' && responseFormat?.type === 'json-schema'
  if (isPrompted)
    report('responseFormat', 'emulated', 'the upstream takes no schema, so the model is told of it in words')
  return defined({
    response_format: responseFormat && encodeResponseFormat(isPrompted ? { type: 'json-object' } : responseFormat),
    logprobs: topLogprobs === undefined ? undefined : true,
    // Zero is what an absent count means.
    top_logprobs: topLogprobs === 0 ? undefined : topLogprobs,
  })
}

function encodeResponseFormat(format: ResponseFormat): ResponseFormatOption {
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json-object':
      return { type: 'json_object' }
    case 'json-schema': {
      const { name = 'output', description, schema, isStrict } = format
      return {
        type: 'json_schema',
        json_schema: { name, ...defined({ description }), schema, ...defined({ strict: isStrict }) },
      }
    }
  }
}

function encodeClientFields(request: ModelRequest, own: JsonObject, report: Report): Fields {
  const { metadata, cache } = request
  if (cache) report('cache', 'dropped', noCacheMarks)
  const isText = Object.values(metadata ?? {}).every(value => typeof value === 'string')
  if (!isText) report('metadata', 'dropped', 'Chat metadata holds only text')
  const user = keyOf(request, 'userId', report)
  return defined({
    // Where the client chose the newer word, it stands among the extras already.
    user: user === own['safety_identifier'] ? undefined : user,
    prompt_cache_key: keyOf(request, 'cacheKey', report),
    metadata: isText ? metadata : undefined,
  })
}

function keyOf(request: ModelRequest, field: 'userId' | 'cacheKey', report: Report): string | undefined {
  const text = request[field]
  if (text === undefined) return undefined
  const short = shortened(text)
  if (short !== text) report(field, 'degraded', tooLongKey)
  return short
}

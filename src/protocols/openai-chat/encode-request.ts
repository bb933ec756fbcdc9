import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import type { ModelRequest, ResponseFormat, Tool, ToolChoice } from '../../core/request.ts'
import { defined } from '../json.ts'
import type { DecodedRequest, EncodedRequest } from '../protocol.ts'
import { maxStopSequences } from '../openai-sampling.ts'
import { encodeMessages } from './encode-messages.ts'
import { ownExtras, ownFields } from './extras.ts'
import { noCacheMarks, type Report } from './losses.ts'
import type { ChatRequest, FunctionTool, ResponseFormatOption, ToolChoiceOption } from './wire.ts'

/** Writes a request for an upstream that speaks chat completions. */
export function encodeRequest({
  request,
  isStreaming,
}: Pick<DecodedRequest, 'request' | 'isStreaming'>): EncodedRequest {
  refuseContinuation(request)
  const losses: Loss[] = []
  const report: Report = (field, action, why) => losses.push({ field, action, why })
  const own = ownExtras(request)
  const body: JsonObject = {
    ...own,
    model: request.model,
    messages: encodeMessages(request, report),
    ...(isStreaming && { stream: true, stream_options: { include_usage: true } }),
    ...encodeToolFields(request, report),
    ...encodeSampling(request, report),
    ...encodeLimits(request, report),
    ...encodeAnswerFields(request, report),
    ...encodeClientFields(request, own, report),
  }
  return { body, headers: {}, losses }
}

/** Chat upstreams keep no conversation, and an answer to a part of one would be an answer to something else. */
function refuseContinuation({ continuation }: ModelRequest): void {
  if (continuation?.type !== 'continue') return
  const problem = 'the turns before this request are not known here; send the whole conversation'
  throw new ModelError('invalid-request', problem, { code: 'previous-response-not-found' })
}

type Fields = Partial<ChatRequest>

function encodeToolFields({ tools, toolChoice }: ModelRequest, report: Report): Fields {
  if (!tools || tools.length === 0) return {}
  return defined({
    tools: tools.map((tool, index) => encodeTool(tool, index, report)),
    tool_choice: toolChoice && encodeToolChoice(toolChoice),
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

function encodeSampling({ sampling = {} }: ModelRequest, report: Report): Fields {
  for (const field of ['topK', 'minP'] as const) {
    if (sampling[field] !== undefined) report(`sampling.${field}`, 'dropped', 'OpenAI has no such field')
  }
  return defined({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    logit_bias: sampling.logitBias,
  })
}

function encodeLimits({ maxTokens, stopSequences = [] }: ModelRequest, report: Report): Fields {
  if (maxTokens === 0) report('maxTokens', 'degraded', 'Chat cannot ask for no answer at all; one token is asked for')
  if (stopSequences.length > maxStopSequences) {
    report('stopSequences', 'degraded', `Chat takes ${maxStopSequences} stop sequences; the others are left out`)
  }
  return defined({
    max_completion_tokens: maxTokens === undefined ? undefined : Math.max(1, maxTokens),
    stop: stopSequences.length > 0 ? stopSequences.slice(0, maxStopSequences) : undefined,
  })
}

function encodeAnswerFields(request: ModelRequest, report: Report): Fields {
  const { responseFormat, topLogprobs } = request
  return defined({
    response_format: responseFormat && encodeResponseFormat(responseFormat),
    reasoning_effort: encodeEffort(request, report),
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

function encodeEffort({ effort, thinking }: ModelRequest, report: Report): Fields['reasoning_effort'] {
  if (thinking?.mode === 'disabled') return 'none'
  if (thinking?.mode === 'between-tools') report('thinking.mode', 'dropped', 'Chat cannot say when to reason')
  const budget = thinking?.budgetTokens
  if (budget === undefined) return effort
  report('thinking.budgetTokens', 'degraded', 'Chat takes an effort in place of a number of tokens')
  return effort ?? effortOf(budget)
}

function effortOf(budgetTokens: number): 'low' | 'medium' | 'high' {
  if (budgetTokens <= 2048) return 'low'
  return budgetTokens <= 8192 ? 'medium' : 'high'
}

function encodeClientFields(request: ModelRequest, own: JsonObject, report: Report): Fields {
  const { userId, cacheKey, metadata, cache } = request
  if (cache) report('cache', 'dropped', noCacheMarks)
  const isText = Object.values(metadata ?? {}).every(value => typeof value === 'string')
  if (!isText) report('metadata', 'dropped', 'Chat metadata holds only text')
  return defined({
    // Where the client chose the newer word, it stands among the extras already.
    user: userId === own['safety_identifier'] ? undefined : userId,
    prompt_cache_key: cacheKey,
    metadata: isText ? metadata : undefined,
  })
}

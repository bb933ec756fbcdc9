import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import type { ModelRequest, ResponseFormat } from '../../core/request.ts'
import { omitFields, shortened, tooLongKey } from '../compat.ts'
import { arrayIn, defined, objectIn } from '../json.ts'
import type { Compat, DecodedRequest, EncodedRequest } from '../protocol.ts'
import { encodeConversation } from './encode-input.ts'
import { encodeToolFields } from './encode-tools.ts'
import { ownExtras } from './extras.ts'
import { noCacheMarks, type Report } from './losses.ts'
import type { Reasoning, ResponsesRequest, TextFormat } from './wire.ts'

/** Writes a request for an upstream that speaks Responses. Nothing is kept there unless the client asked for it. */
export function encodeRequest(
  { request, isStreaming }: Pick<DecodedRequest, 'request' | 'isStreaming'>,
  compat: Compat = {},
): EncodedRequest {
  const losses: Loss[] = []
  const report: Report = (field, action, why) => losses.push({ field, action, why })
  const own = ownExtras(request)
  const reasoning = encodeReasoning(request, own, report)
  const body: JsonObject = {
    store: false,
    ...own,
    model: request.model,
    ...encodeConversation(request, report),
    ...encodeContinuation(request),
    ...(isStreaming && { stream: true }),
    ...encodeToolFields(request, compat, report),
    ...encodeSampling(request, report),
    ...encodeLimits(request, report),
    ...(reasoning && { reasoning }),
    ...encodeText(request, own),
    ...encodeInclude(request, own, reasoning),
    ...encodeClientFields(request, own, report),
  }
  return { body: omitFields(body, compat, losses), headers: {}, losses }
}

/** An earlier answer is named only where its id can be this protocol's; every other one is known to nobody there. */
function encodeContinuation({ continuation }: ModelRequest): Fields {
  if (continuation?.type !== 'continue') return {}
  if (continuation.previousId?.startsWith('resp_') === true) return { previous_response_id: continuation.previousId }
  const problem = 'the turns before this request are not known here; send the whole conversation'
  throw new ModelError('invalid-request', problem, { code: 'previous-response-not-found' })
}

type Fields = Partial<ResponsesRequest>

function encodeSampling({ sampling = {} }: ModelRequest, report: Report): Fields {
  const { temperature, topP, ...rest } = sampling
  for (const field of Object.keys(defined(rest))) {
    report(`sampling.${field}`, 'dropped', 'Responses has no such field')
  }
  return defined({ temperature, top_p: topP })
}

// OpenAI refuses a smaller number.
const minMaxTokens = 16

function encodeLimits({ maxTokens, stopSequences = [] }: ModelRequest, report: Report): Fields {
  if (stopSequences.length > 0) report('stopSequences', 'dropped', 'Responses has no stop sequences')
  if (maxTokens === undefined) return {}
  if (maxTokens < minMaxTokens) report('maxTokens', 'degraded', `the least that Responses takes is ${minMaxTokens}`)
  return { max_output_tokens: Math.max(minMaxTokens, maxTokens) }
}

/** Says how to reason, where anything is said of it: models that cannot reason refuse the field. */
function encodeReasoning(request: ModelRequest, own: JsonObject, report: Report): Reasoning | undefined {
  const { thinking, effort } = request
  const kept = objectIn(own['reasoning'])
  if (!thinking && effort === undefined) return kept
  if (thinking?.mode === 'between-tools') report('thinking.mode', 'dropped', 'Responses cannot say when to reason')
  const isShown = thinking !== undefined && thinking.mode !== 'disabled' && thinking.display !== 'omitted'
  return {
    ...defined({ effort: encodeEffort(request, report) }),
    ...(isShown && { summary: 'auto' }),
    ...kept,
  }
}

function encodeEffort({ thinking, effort }: ModelRequest, report: Report): Reasoning['effort'] {
  if (thinking?.mode === 'disabled') return 'none'
  const budget = thinking?.budgetTokens
  if (budget === undefined) return effort
  report('thinking.budgetTokens', 'degraded', 'Responses takes an effort in place of a number of tokens')
  if (effort !== undefined) return effort
  if (budget <= 2048) return 'low'
  return budget <= 8192 ? 'medium' : 'high'
}

function encodeText({ responseFormat }: ModelRequest, own: JsonObject): Fields {
  const text = { ...objectIn(own['text']), ...(responseFormat && { format: encodeFormat(responseFormat) }) }
  return Object.keys(text).length === 0 ? {} : { text }
}

function encodeFormat(format: ResponseFormat): TextFormat {
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json-object':
      return { type: 'json_object' }
    case 'json-schema': {
      const { name = 'output', description, schema, isStrict = false } = format
      return { type: 'json_schema', name, ...defined({ description }), schema, strict: isStrict }
    }
  }
}

/**
 * Asks for what would otherwise be left out: reasoning as its maker can read it again, since nothing is stored, and
 * log-probabilities. Models that cannot reason refuse to be asked for the first.
 */
function encodeInclude({ topLogprobs }: ModelRequest, own: JsonObject, reasoning: Reasoning | undefined): Fields {
  const isReasoning = reasoning !== undefined && reasoning.effort !== 'none'
  const wanted = [
    ...(arrayIn(own['include']) ?? []).filter(word => typeof word === 'string'),
    ...(isReasoning && own['store'] !== true ? ['reasoning.encrypted_content'] : []),
    ...(topLogprobs === undefined ? [] : ['message.output_text.logprobs']),
  ]
  return defined({
    include: wanted.length === 0 ? undefined : [...new Set(wanted)],
    // Zero is what an absent count means.
    top_logprobs: topLogprobs === 0 ? undefined : topLogprobs,
  })
}

function encodeClientFields(request: ModelRequest, own: JsonObject, report: Report): Fields {
  const { metadata, cache } = request
  if (cache) report('cache', 'dropped', noCacheMarks)
  const isText = Object.values(metadata ?? {}).every(value => typeof value === 'string')
  if (!isText) report('metadata', 'dropped', 'Responses metadata holds only text')
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

import type { JsonObject } from '../../core/json.ts'
import type { ModelRequest, ResponseFormat } from '../../core/request.ts'
import { defined, Field, unknownFields } from '../json.ts'
import { decodeClientFields } from '../openai-client-fields.ts'
import { decodeSampling, maxTokenCount } from '../openai-sampling.ts'
import type { DecodedRequest } from '../protocol.ts'
import { decodeInstructions, decodeItems } from './decode-items.ts'
import { decodeToolFields } from './decode-tool-choice.ts'
import { echoOf } from './echo.ts'
import { asExtras } from './extras.ts'
import { nothingRecalled, type Recalled } from './recall.ts'
import { wireFields } from './wire.ts'

/**
 * Reads a Responses body, with what was recalled of what it refers to. Throws `invalid-request` for the first thing
 * that is wrong with it.
 */
export function decodeRequest(body: unknown, recalled: Recalled = nothingRecalled): DecodedRequest {
  const root = new Field(body)
  root.object()
  const model = root.at('model').name(maxNameLength)
  refuseWhatCannotBeDone(root)
  const { system, messages } = decodeItems(root, recalled)
  const request: ModelRequest = {
    model,
    system: [...decodeInstructions(root), ...system],
    messages,
    ...decodeToolFields(root),
    ...defined({ ...decodeAnswerFields(root), ...decodeClientFields(root), ...decodeKeeping(root) }),
    ...asExtras(decodeOwnFields(root)),
  }
  return {
    request,
    isStreaming: root.at('stream').maybe(field => field.boolean()) ?? false,
    includesUsage: true,
    echo: echoOf(root),
  }
}

const maxNameLength = 256

function refuseWhatCannotBeDone(root: Field): void {
  const background = root.at('background')
  if (background.maybe(field => field.boolean()) === true)
    background.fail('answers are given while the client waits; leave it out, and stream where it takes long')
  root.at('previous_response_id').maybe(field => field.name(maxNameLength))
  root.at('conversation').maybe(field => field.fail('conversations are not kept here; use `previous_response_id`'))
  root
    .at('prompt')
    .maybe(field => field.fail('prompts are not kept here; send the text itself as `instructions` and `input`'))
}

function decodeAnswerFields(root: Field): Partial<ModelRequest> {
  const reasoning = root.at('reasoning')
  reasoning.maybe(field => field.object())
  const effort = reasoning
    .at('effort')
    .maybe(field => field.oneOf(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']))
  const text = root.at('text')
  text.maybe(field => field.object())
  text.at('verbosity').maybe(field => field.oneOf(['low', 'medium', 'high']))
  return defined({
    sampling: decodeSampling(root),
    maxTokens: root.at('max_output_tokens').maybe(field => field.integer({ min: 1, max: maxTokenCount })),
    effort,
    thinking: effort === 'none' ? ({ mode: 'disabled' } as const) : undefined,
    responseFormat: text.at('format').maybe(decodeFormat),
    topLogprobs: decodeTopLogprobs(root),
  })
}

function decodeFormat(format: Field): ResponseFormat {
  format.object()
  const type = format.at('type').oneOf(['text', 'json_object', 'json_schema'])
  if (type === 'text') return { type: 'text' }
  if (type === 'json_object') return { type: 'json-object' }
  return {
    type: 'json-schema',
    name: format.at('name').name(64),
    schema: format.at('schema').object(),
    ...defined({
      description: format.at('description').maybe(description => description.string()),
      isStrict: format.at('strict').maybe(strict => strict.boolean()),
    }),
  }
}

const logprobsWord = 'message.output_text.logprobs'

/** Gives zero where only the chosen tokens' own log-probabilities are asked for. */
function decodeTopLogprobs(root: Field): number | undefined {
  const count = root.at('top_logprobs').maybe(field => field.integer({ min: 0, max: 20 }))
  const isIncluded = decodeInclude(root).includes(logprobsWord)
  return count !== undefined && count > 0 ? count : isIncluded ? 0 : undefined
}

function decodeInclude(root: Field): readonly string[] {
  return root.at('include').maybe(field => field.items(64).map(word => word.name(maxNameLength))) ?? []
}

/** Reads how long the client may go on from the answer: five minutes in any case, an hour where it wants more. */
function decodeKeeping(root: Field): Pick<ModelRequest, 'resumes'> {
  const isStored = root.at('store').maybe(field => field.boolean()) ?? true
  const retention = root.at('prompt_cache_retention').maybe(field => field.oneOf(['in_memory', 'in-memory', '24h']))
  const isLong = retention === '24h'
  return isStored || isLong ? { resumes: isLong ? { ttl: '1h' } : {} } : {}
}

/** The fields that no neutral one holds, for an upstream that speaks this protocol too. */
function decodeOwnFields(root: Field): JsonObject {
  const kept = unknownFields(root.object(), placed) ?? {}
  const include = decodeInclude(root).filter(word => word !== logprobsWord)
  const toolChoice = root.at('tool_choice').value
  const reasoning = root.at('reasoning').maybe(field => unknownFields(field.object(), new Set(['effort'])))
  const text = root.at('text').maybe(field => unknownFields(field.object(), new Set(['format'])))
  return {
    ...kept,
    ...defined({ reasoning, text }),
    ...(include.length > 0 && { include }),
    ...(isServersOwn(toolChoice) && { tool_choice: toolChoice }),
  }
}

const neutralChoices: ReadonlySet<unknown> = new Set(['function', 'custom', 'allowed_tools'])

function isServersOwn(choice: unknown): choice is JsonObject {
  return typeof choice === 'object' && choice !== null && 'type' in choice && !neutralChoices.has(choice.type)
}

const placed: ReadonlySet<string> = new Set(
  Object.entries(wireFields.request).flatMap(([field, place]) => (place === 'extras' ? [] : [field])),
)

import type { Effort, ModelRequest } from '../../core/request.ts'
import { defined, Field } from '../json.ts'
import type { DecodedRequest } from '../protocol.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeClientFields } from '../openai-client-fields.ts'
import { decodeSampling, decodeStop } from '../openai-sampling.ts'
import { decodeMaxTokens, decodeTopLogprobs } from './decode-sampling.ts'
import { decodeResponseFormat, decodeToolChoice, decodeTools } from './decode-tools.ts'
import { keptFields } from './extras.ts'

/** Reads a chat-completion body. Throws `invalid-request` for the first thing that is wrong with it. */
export function decodeRequest(body: unknown): DecodedRequest {
  const root = new Field(body)
  root.object()
  const model = root.at('model').name(maxNameLength)
  const streamOptions = decodeStreaming(root)
  refuseWhatCannotBeDone(root)
  const request: ModelRequest = {
    model,
    ...decodeMessages(root.at('messages')),
    ...defined({ ...decodeToolFields(root), ...decodeAnswerFields(root), ...decodeOwnFields(root) }),
  }
  return { request, ...streamOptions }
}

const maxNameLength = 256

function decodeStreaming(root: Field): Pick<DecodedRequest, 'isStreaming' | 'includesUsage'> {
  const isStreaming = root.at('stream').maybe(field => field.boolean()) ?? false
  const options = root.at('stream_options')
  options.maybe(field => field.object())
  const includesUsage = options.at('include_usage').maybe(field => field.boolean()) ?? false
  return { isStreaming, includesUsage }
}

function refuseWhatCannotBeDone(root: Field): void {
  const n = root.at('n')
  const count = n.maybe(field => field.integer({ min: 1, max: 128 })) ?? 1
  if (count !== 1) n.fail(`only one answer a request is given, not ${count}; send the request ${count} times`)
  root.at('functions').maybe(field => field.fail('is retired; declare functions in `tools`'))
  root.at('function_call').maybe(field => field.fail('is retired; use `tool_choice`'))
  const modalities = root.at('modalities').maybe(field => field.items(8))
  for (const item of modalities ?? []) {
    if (item.oneOf(['text', 'audio']) === 'audio') item.fail('answers are text only; leave out "audio"')
  }
}

function decodeToolFields(root: Field): Partial<ModelRequest> {
  const declared = root.at('tools').maybe(decodeTools)
  const { tools, toolChoice } = decodeToolChoice(root, declared ?? [])
  return defined({ tools: declared && tools, toolChoice })
}

function decodeAnswerFields(root: Field): Partial<ModelRequest> {
  const effort = root.at('reasoning_effort').maybe(decodeEffort)
  return defined({
    sampling: decodeSampling(root),
    maxTokens: decodeMaxTokens(root),
    stopSequences: root.at('stop').maybe(decodeStop),
    effort,
    thinking: effort === 'none' ? ({ mode: 'disabled' } as const) : undefined,
    responseFormat: root.at('response_format').maybe(decodeResponseFormat),
    topLogprobs: decodeTopLogprobs(root),
  })
}

/* Groq calls by `default` what is so where nothing is said. */
function decodeEffort(field: Field): Effort | undefined {
  const word = field.oneOf(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'default'])
  return word === 'default' ? undefined : word
}

function decodeOwnFields(root: Field): Partial<ModelRequest> {
  root.at('verbosity').maybe(field => field.oneOf(['low', 'medium', 'high']))
  const rest = keptFields(root.object(), 'request')
  return defined({ ...decodeClientFields(root), extras: rest && { 'openai-chat': rest } })
}

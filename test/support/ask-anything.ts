import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import type { Answer } from '../../src/core/collect.ts'
import type { ProtocolId } from '../../src/core/extras.ts'
import { messageText, openOpenAI } from './sdk-clients.ts'
import type { AnthropicKind, OpenOptions } from './sdk-clients.ts'

/** What a client learns of an answer, in no protocol's terms. */
export interface Learnt {
  readonly text: string
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[]
}

/** One official client, asking in one way. */
export interface Asking {
  readonly name: string
  readonly protocol: ProtocolId
  readonly isStreamed: boolean
  readonly ask: (url: string, model: string, options?: AskOptions) => Promise<Learnt>
}

/** How a question is asked that is another one than the usual. */
export interface AskOptions extends OpenOptions {
  readonly text?: string
  /** A picture beside the text, in base64. */
  readonly png?: string
  readonly maxTokens?: number
}

const question = 'What is the weather in Oslo and in Bergen?'
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } }

/** A request with a tool, as a client of each protocol writes it. */
export const bodies = {
  'anthropic-messages': {
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: question }],
    tools: [{ name: 'weather', input_schema: parameters }],
  },
  'openai-chat': {
    max_completion_tokens: 100,
    messages: [{ role: 'user' as const, content: question }],
    tools: [{ type: 'function' as const, function: { name: 'weather', parameters } }],
  },
  'openai-responses': {
    max_output_tokens: 100,
    input: question,
    tools: [{ type: 'function' as const, name: 'weather', parameters, strict: false }],
    store: false,
  },
} satisfies Readonly<Record<Asking['protocol'], object>>

/** Asks for a stream that tells what it costs, which a Chat client must ask for. */
export function streaming(client: Asking['protocol']): object {
  return { stream: true, ...(client === 'openai-chat' && { stream_options: { include_usage: true } }) }
}

export const paths: Readonly<Record<Asking['protocol'], string>> = {
  'anthropic-messages': '/v1/messages',
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
}

export function anthropicAsking({ name, open }: AnthropicKind, isStreamed: boolean): Asking {
  return {
    name: `${name}, ${isStreamed ? 'streamed' : 'whole'}`,
    protocol: 'anthropic-messages',
    isStreamed,
    ask: async (url, model, options = {}) => {
      const { messages } = open(url, options)
      const body = { model, ...bodies['anthropic-messages'], ...changesOfMessages(options) }
      return readMessage(isStreamed ? await messages.stream(body).finalMessage() : await messages.create(body))
    },
  }
}

export function chatAsking(isStreamed: boolean): Asking {
  return {
    name: `openai, ${isStreamed ? 'streamed' : 'whole'}`,
    protocol: 'openai-chat',
    isStreamed,
    ask: async (url, model, options = {}) => {
      const { completions } = openOpenAI(url, options).chat
      const body = { model, ...bodies['openai-chat'], ...changesOfChat(options) }
      return readCompletion(
        isStreamed ? await completions.stream(body).finalChatCompletion() : await completions.create(body),
      )
    },
  }
}

function changesOfMessages({ text = question, png, maxTokens }: AskOptions) {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: png ?? '' }
  const content =
    png === undefined
      ? text
      : [
          { type: 'text' as const, text },
          { type: 'image' as const, source },
        ]
  return { messages: [{ role: 'user' as const, content }], ...(maxTokens !== undefined && { max_tokens: maxTokens }) }
}

function changesOfChat({ text = question, png, maxTokens }: AskOptions) {
  const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${png}` } }
  const content = png === undefined ? text : [{ type: 'text' as const, text }, image]
  const most = maxTokens !== undefined && { max_completion_tokens: maxTokens }
  return { messages: [{ role: 'user' as const, content }], ...most }
}

function changesOfResponses({ text = question, png, maxTokens }: AskOptions) {
  const image = { type: 'input_image' as const, image_url: `data:image/png;base64,${png}`, detail: 'auto' as const }
  const content = png === undefined ? text : [{ type: 'input_text' as const, text }, image]
  const most = maxTokens !== undefined && { max_output_tokens: maxTokens }
  return { input: [{ role: 'user' as const, content }], ...most }
}

export function responsesAsking(isStreamed: boolean): Asking {
  return {
    name: `openai Responses, ${isStreamed ? 'streamed' : 'whole'}`,
    protocol: 'openai-responses',
    isStreamed,
    ask: async (url, model, options = {}) => {
      const { responses } = openOpenAI(url, options)
      const body = { model, ...bodies['openai-responses'], ...changesOfResponses(options) }
      return readResponse(isStreamed ? await responses.stream(body).finalResponse() : await responses.create(body))
    },
  }
}

/* The client gives a response that failed as it gives any other. */
function readResponse({ output, output_text: text, error }: OpenAI.Responses.Response): Learnt {
  if (error) throw new Error(error.message)
  const calls = output.flatMap(item =>
    item.type === 'function_call' ? [{ id: item.call_id, name: item.name, input: parsed(item.arguments) }] : [],
  )
  return { text, calls }
}

function readMessage(message: Anthropic.Message): Learnt {
  const calls = message.content.flatMap(block =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  )
  return { text: messageText(message), calls }
}

function readCompletion({ choices }: OpenAI.ChatCompletion): Learnt {
  const { content, tool_calls: called = [] } = choices[0]?.message ?? { content: null }
  const calls = called.flatMap(call =>
    call.type === 'function' ? [{ id: call.id, name: call.function.name, input: parsed(call.function.arguments) }] : [],
  )
  return { text: content ?? '', calls }
}

/** What a client should learn of an answer. */
export function learntOf({ blocks }: Answer): Learnt {
  return {
    text: blocks.map(({ block, content }) => (block.type === 'text' ? content : '')).join(''),
    calls: blocks.flatMap(({ block, content }) =>
      block.type === 'tool-call' ? [{ id: block.id, name: block.name, input: parsed(content) }] : [],
    ),
  }
}

function parsed(json: string): unknown {
  return json === '' ? {} : JSON.parse(json)
}

import Anthropic, * as anthropicErrors from '@anthropic-ai/sdk'
import Anthropic0, * as anthropicErrors0 from 'anthropic-sdk-0'
import OpenAI from 'openai'

export interface OpenOptions {
  readonly key?: string
  readonly retries?: number
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Who sends the requests; the machine's own `fetch`, where nobody else does. */
  readonly fetch?: typeof fetch
}

type Constructor<T> = abstract new (...parameters: never[]) => T

type AnthropicFailure = InstanceType<typeof anthropicErrors.APIError>

/** One version of the official Anthropic SDK. Both are used through the newer one's types. */
export interface AnthropicKind {
  readonly name: string
  readonly version: '2023-06-01' | '2026-10-21'
  /** Whether its API version refuses sampling parameters. */
  readonly isStrict: boolean
  readonly open: (url: string, options?: OpenOptions) => Anthropic
  readonly errors: Readonly<
    Record<'APIError' | 'BadRequestError' | 'AuthenticationError' | 'NotFoundError', Constructor<AnthropicFailure>>
  >
}

/** The official Anthropic clients, an old and a new one. */
export const anthropicKinds: readonly AnthropicKind[] = [
  {
    name: '@anthropic-ai/sdk 0.137',
    version: '2023-06-01',
    isStrict: false,
    open: (url, options) => new Anthropic0(anthropicOptions(url, options)) as unknown as Anthropic,
    errors: anthropicErrors0 as unknown as AnthropicKind['errors'],
  },
  {
    name: '@anthropic-ai/sdk 1.12',
    version: '2026-10-21',
    isStrict: true,
    open: (url, options) => new Anthropic(anthropicOptions(url, options)),
    errors: anthropicErrors,
  },
]

function anthropicOptions(baseURL: string, options: OpenOptions = {}) {
  return { baseURL, ...optionsOfAll(options) }
}

function optionsOfAll({ key = 'unused', retries = 0, headers = {}, fetch }: OpenOptions) {
  return {
    apiKey: key,
    maxRetries: retries,
    logLevel: 'off',
    defaultHeaders: { ...headers },
    ...(fetch && { fetch }),
  } as const
}

/** Opens the official OpenAI client. */
export function openOpenAI(url: string, options: OpenOptions = {}): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, ...optionsOfAll(options) })
}

/** What every client can ask. */
export interface Question {
  readonly model: string
  readonly system?: string
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[]
  readonly maxTokens: number
  readonly stop?: readonly string[]
  /** Only where the way `isGreedy`. */
  readonly temperature?: number
}

/** What every client is told. */
export interface Told {
  readonly text: string
  /** The text as it came; one piece where it came whole. */
  readonly pieces: readonly string[]
  readonly stop: 'end' | 'length' | 'sequence' | 'context'
  readonly sequence?: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly model: string
}

/** One client asking in one way. */
export interface Way {
  readonly name: string
  readonly isStreamed: boolean
  /** Whether the client can ask for the likeliest token each time. */
  readonly isGreedy: boolean
  /** Whether the client can name sequences at which the answer is to stop. */
  readonly takesStops: boolean
  readonly protocol: 'anthropic' | 'chat' | 'responses'
  readonly ask: (url: string, question: Question) => Promise<Told>
}

/** Every client, streaming and not. */
export const ways: readonly Way[] = [
  ...anthropicKinds.flatMap(kind => [
    anthropicWay(kind, { isStreamed: false }),
    anthropicWay(kind, { isStreamed: true }),
  ]),
  chatWay({ isStreamed: false }),
  chatWay({ isStreamed: true }),
  // What is not streamed is what the last event of the stream holds.
  responsesWay(),
]

export const greedyWays: readonly Way[] = ways.filter(({ isGreedy }) => isGreedy)

function anthropicWay({ name, open, isStrict }: AnthropicKind, { isStreamed }: Pick<Way, 'isStreamed'>): Way {
  return {
    name: `${name}, ${isStreamed ? 'streamed' : 'whole'}`,
    isStreamed,
    isGreedy: !isStrict,
    takesStops: true,
    protocol: 'anthropic',
    ask: async (url, question) => {
      const client = open(url)
      const body = toMessagesBody(question)
      if (!isStreamed) return readMessage(await client.messages.create(body))
      const stream = client.messages.stream(body)
      const pieces: string[] = []
      stream.on('text', piece => pieces.push(piece))
      return { ...readMessage(await stream.finalMessage()), pieces }
    },
  }
}

function toMessagesBody({ model, system, messages, maxTokens, stop, temperature }: Question) {
  return {
    model,
    max_tokens: maxTokens,
    messages: [...messages],
    ...(system !== undefined && { system }),
    ...(stop && { stop_sequences: [...stop] }),
    ...(temperature !== undefined && { temperature }),
  }
}

const stopWords: Readonly<Record<string, Told['stop']>> = {
  end_turn: 'end',
  max_tokens: 'length',
  stop_sequence: 'sequence',
  model_context_window_exceeded: 'context',
}

function readMessage(message: Anthropic.Message): Told {
  const text = messageText(message)
  const { usage, stop_reason: reason, stop_sequence: sequence } = message
  return {
    text,
    pieces: [text],
    stop: stopWords[reason ?? ''] ?? 'end',
    ...(sequence !== null && { sequence }),
    inputTokens: wholeInput(usage),
    outputTokens: usage.output_tokens,
    model: message.model,
  }
}

/** The text of a message. */
export function messageText({ content }: Pick<Anthropic.Message, 'content'>): string {
  return content.map(block => (block.type === 'text' ? block.text : '')).join('')
}

/** The whole prompt: what is new, what came from the cache and what went into it. */
export function wholeInput(
  usage: Pick<Anthropic.Usage, 'input_tokens' | 'cache_read_input_tokens' | 'cache_creation_input_tokens'>,
): number {
  return usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0)
}

function chatWay({ isStreamed }: Pick<Way, 'isStreamed'>): Way {
  return {
    name: `openai 7.57, ${isStreamed ? 'streamed' : 'whole'}`,
    isStreamed,
    isGreedy: true,
    takesStops: true,
    protocol: 'chat',
    ask: async (url, question) => {
      const client = openOpenAI(url)
      const body = toChatBody(question)
      if (!isStreamed) return readCompletion(await client.chat.completions.create(body))
      const stream = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } })
      const pieces: string[] = []
      stream.on('content', piece => pieces.push(piece))
      return { ...readCompletion(await stream.finalChatCompletion()), pieces }
    },
  }
}

function toChatBody({ model, system, messages, maxTokens, stop, temperature }: Question) {
  return {
    model,
    max_completion_tokens: maxTokens,
    messages: [...(system === undefined ? [] : [{ role: 'system' as const, content: system }]), ...messages],
    ...(stop && { stop: [...stop] }),
    ...(temperature !== undefined && { temperature }),
  }
}

function readCompletion({ choices, usage, model }: OpenAI.ChatCompletion): Told {
  const [choice] = choices
  const text = choice?.message.content ?? ''
  // Which sequence matched stands beside OpenAI's own words.
  const sequence = (choice as { stop_reason?: string } | undefined)?.stop_reason
  const stopped = sequence === undefined ? 'end' : 'sequence'
  return {
    text,
    pieces: [text],
    stop: choice?.finish_reason === 'length' ? 'length' : stopped,
    ...(sequence !== undefined && { sequence }),
    inputTokens: usage?.prompt_tokens ?? -1,
    outputTokens: usage?.completion_tokens ?? -1,
    model,
  }
}

function responsesWay(): Way {
  return {
    name: 'openai 7.57 Responses, streamed',
    isStreamed: true,
    isGreedy: true,
    takesStops: false,
    protocol: 'responses',
    ask: async (url, question) => {
      const stream = openOpenAI(url).responses.stream(toResponsesBody(question))
      const pieces: string[] = []
      stream.on('response.output_text.delta', ({ delta }) => pieces.push(delta))
      return { ...readResponse(await stream.finalResponse()), pieces }
    },
  }
}

function toResponsesBody({ model, system, messages, maxTokens, temperature }: Question) {
  return {
    model,
    max_output_tokens: maxTokens,
    input: [...messages],
    store: false,
    ...(system !== undefined && { instructions: system }),
    ...(temperature !== undefined && { temperature }),
  }
}

function readResponse({ output_text: text, status, usage, model }: OpenAI.Responses.Response): Told {
  return {
    text,
    pieces: [text],
    stop: status === 'incomplete' ? 'length' : 'end',
    inputTokens: usage?.input_tokens ?? -1,
    outputTokens: usage?.output_tokens ?? -1,
    model,
  }
}

/** Gives what a promise failed with, for a test that expects it to. */
export async function failureOf<T extends Error>(
  promise: PromiseLike<unknown>,
  kind: Constructor<T> | { readonly prototype: T },
): Promise<T> {
  const error = await Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof (kind as Constructor<T>)) return error
  throw new Error(`this should have failed as ${(kind as { name?: string }).name}`, { cause: error })
}

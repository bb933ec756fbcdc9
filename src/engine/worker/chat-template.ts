import { ModelError } from '../../core/errors.ts'
import type { ChatMessage, ChatPrompt, ChatToolCall } from '../chat-prompt.ts'

/** Renders conversations as one model's own template does. */
export interface ChatTemplate {
  /** Gives the text of a prompt. Throws `invalid-request` where the template refuses the conversation. */
  render(prompt: ChatPrompt): string
}

/** Renders with the variables that a template may use. Throws what the template throws. */
type Render = (variables: Readonly<Record<string, unknown>>) => string

/** What a template can express, found by trying. */
interface Traits {
  readonly system: boolean
  readonly inlineSystem: boolean
  readonly toolMessages: boolean
}

/** The template of models that bring none: ChatML, as most of the field does. */
export const fallbackTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/** Wraps a model's template. What the template cannot express is said in words that it can. */
export function createChatTemplate(render: Render, special: { bos: string; eos: string }): ChatTemplate {
  const draw = (messages: readonly ChatMessage[], addsGenerationPrompt = true): string =>
    render({
      messages: messages.map(toTemplateMessage),
      add_generation_prompt: addsGenerationPrompt,
      bos_token: special.bos,
      eos_token: special.eos,
      enable_thinking: false,
    })
  const traits = findTraits(draw)
  return {
    render: ({ messages, prefill }) => {
      try {
        return draw(express(messages, traits)) + prefill
      } catch (cause) {
        throw new ModelError(
          'invalid-request',
          "the model's chat template refuses this conversation; most want user and assistant turns to alternate, beginning with the user's",
          { cause },
        )
      }
    },
  }
}

function toTemplateMessage({ role, content, toolCalls, callId, name }: ChatMessage): Record<string, unknown> {
  return {
    role,
    content,
    ...(toolCalls && { tool_calls: toolCalls.map(toTemplateCall) }),
    ...(callId !== undefined && { tool_call_id: callId }),
    ...(name !== undefined && { name }),
  }
}

function toTemplateCall({ id, name, input }: ChatToolCall): Record<string, unknown> {
  return { id, type: 'function', function: { name, arguments: parseArguments(input) } }
}

/* Templates print arguments with `tojson`; text that is no JSON is printed as the model wrote it. */
function parseArguments(input: string): unknown {
  try {
    return input === '' ? {} : JSON.parse(input)
  } catch {
    return input
  }
}

const user: ChatMessage = { role: 'user', content: 'probe-user' }
const assistant: ChatMessage = { role: 'assistant', content: 'probe-assistant' }
const called: ChatMessage = {
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'call00001', name: 'probe_tool', input: '{"probe_argument":1}' }],
}
const answered: ChatMessage = { role: 'tool', content: 'probe-result', callId: 'call00001', name: 'probe_tool' }

function findTraits(draw: (messages: readonly ChatMessage[]) => string): Traits {
  const shows = (messages: readonly ChatMessage[], ...marks: readonly string[]): boolean => {
    try {
      const text = draw(messages)
      return marks.every(mark => text.includes(mark))
    } catch {
      return false
    }
  }
  const system: ChatMessage = { role: 'system', content: 'probe-system' }
  return {
    system: shows([system, user], 'probe-system', 'probe-user'),
    inlineSystem: shows([user, assistant, user, system], 'probe-system', 'probe-assistant'),
    toolMessages: shows([user, called, answered], 'probe_tool', 'probe_argument', 'probe-result'),
  }
}

/** Says a conversation within what a template can express. */
function express(messages: readonly ChatMessage[], traits: Traits): readonly ChatMessage[] {
  const withTools = traits.toolMessages ? messages : messages.map(toolsAsText)
  const withSystem = withTools.map((message, index) => {
    const isExpressible = message.role !== 'system' || (index === 0 ? traits.system : traits.inlineSystem)
    return isExpressible ? message : { ...message, role: 'user' as const }
  })
  return joinNeighbours(withSystem)
}

function toolsAsText(message: ChatMessage): ChatMessage {
  if (message.role === 'tool') {
    return { role: 'user', content: `Result of ${message.name ?? 'the tool'}:\n${message.content}` }
  }
  if (!message.toolCalls) return message
  const calls = message.toolCalls.map(({ name, input }) => `I call ${name} with ${input}`)
  return { role: message.role, content: [message.content, ...calls].filter(text => text !== '').join('\n') }
}

/* Two user turns in a row are an error to templates that demand turns to alternate. */
function joinNeighbours(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const joined: ChatMessage[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    if (last?.role === 'user' && message.role === 'user') {
      joined[joined.length - 1] = { role: 'user', content: `${last.content}\n\n${message.content}` }
    } else joined.push(message)
  }
  return joined
}

import { templateRefusal } from './template-refusal.ts'
import type { ChatMessage, ChatPrompt, ChatTool, ChatToolCall } from '../chat-prompt.ts'
import { createControlWords } from './control-words.ts'
import type { MarkWords, PromptText } from './control-words.ts'
import { toolTurnAsText, withToolDescriptions } from './generic-tools.ts'
import { markPrompt } from './mark-prompt.ts'
import { openAnswer } from './open-answer.ts'
import type { RenderedPrompt } from './open-answer.ts'
import { detectFormat } from './output/detect-format.ts'
import type { OutputFormat } from './output/output-format.ts'
import { mapText, toTemplateValue } from './template-values.ts'

/** Renders conversations as one model's own template does. */
export interface ChatTemplate {
  /** How the model writes what is not plain text. */
  readonly format: OutputFormat
  /**
   * Gives the text of a prompt, in which only what the template itself writes is a control token. Throws
   * `invalid-request` where the template refuses the conversation.
   */
  render(prompt: ChatPrompt): RenderedPrompt & PromptText
}

/** A template's text, and the native engine's way to render it. */
export interface TemplateSource {
  readonly source: string
  /** Renders with the variables that a template may use. Throws what the template throws. */
  readonly render: (variables: Readonly<Record<string, unknown>>) => string
  readonly bos: string
  readonly eos: string
  /** The texts of the model's control tokens. */
  readonly control: readonly string[]
}

/** What a template can express, found by trying. */
interface Traits {
  readonly system: boolean
  readonly inlineSystem: boolean
  readonly toolMessages: boolean
  readonly rendersTools: boolean
  /** Whether a call may have any id. One family refuses all but nine letters and digits. */
  readonly anyCallId: boolean
  /** Whether words beside a call must have a turn of their own to be shown. */
  readonly splitsCalls: boolean
}

/** The template of models that bring none: ChatML, as most of the field does. */
export const fallbackTemplate: string =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/** Draws a conversation with a template. */
type Draw = (conversation: Drawn) => string

interface Drawn {
  readonly messages: readonly ChatMessage[]
  readonly tools?: readonly ChatTool[]
  readonly isThinking?: boolean
  readonly effort?: string
  /** Whether the answer's header follows. */
  readonly opensAnswer?: boolean
}

/** Wraps a model's template. What the template cannot express is said in words that it can. */
export function createChatTemplate(template: TemplateSource): ChatTemplate {
  const words = createControlWords(template.control)
  const { mark } = words
  const draw = drawWith(template, mark)
  const { traits, format } = findTraits(template.source, draw)
  return {
    format,
    render: prompt => {
      try {
        const marked = markPrompt(prompt, { mark, format })
        const opened = openAnswer(draw(express(marked, { traits, mark })), { prompt: marked, format })
        return { ...opened, ...words.read(opened.text) }
      } catch (cause) {
        throw templateRefusal(template.source, cause)
      }
    },
  }
}

function drawWith({ render, bos, eos }: TemplateSource, mark: MarkWords): Draw {
  return ({ messages, tools, isThinking = false, effort, opensAnswer = true }) =>
    render({
      messages: messages.map(message => toTemplateMessage(message, mark)),
      add_generation_prompt: opensAnswer,
      bos_token: bos,
      eos_token: eos,
      // Families differ in the name of the switch.
      enable_thinking: isThinking,
      thinking: isThinking,
      ...(effort !== undefined && { reasoning_effort: effort }),
      ...(tools && { tools: tools.map(toTemplateTool) }),
    })
}

function toTemplateTool({ name, description = '', inputSchema }: ChatTool): Record<string, unknown> {
  return { type: 'function', function: { name, description, parameters: toTemplateValue(inputSchema) } }
}

function toTemplateMessage(message: ChatMessage, mark: MarkWords): Record<string, unknown> {
  const { role, content, toolCalls, callId, name, thinking } = message
  return {
    role,
    content,
    ...(toolCalls && { tool_calls: toolCalls.map(call => toTemplateCall(call, mark)) }),
    ...(callId !== undefined && { tool_call_id: callId }),
    ...(name !== undefined && { name }),
    // A template that knows reasoning keeps that of the turn that still goes on, and leaves out the rest.
    ...(thinking !== undefined && { reasoning_content: thinking }),
    // One family refuses a call with both words and reasoning before it.
    ...(thinking !== undefined && content === '' && { thinking }),
  }
}

function toTemplateCall({ id, name, input }: ChatToolCall, mark: MarkWords): Record<string, unknown> {
  return { id, type: 'function', function: { name, arguments: parseArguments(input, mark) } }
}

/* Templates print arguments with `tojson`; text that is no JSON, or too deep, is printed as the model wrote it. */
function parseArguments(input: string, mark: MarkWords): unknown {
  try {
    return input === '' ? {} : toTemplateValue(mapText(JSON.parse(input), text => mark(text)))
  } catch {
    return mark(input)
  }
}

const system: ChatMessage = { role: 'system', content: 'probe-system' }
const user: ChatMessage = { role: 'user', content: 'probe-user' }
const assistant: ChatMessage = { role: 'assistant', content: 'probe-assistant' }
const called: ChatMessage = {
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'call00001', name: 'probe_tool', input: '{"probe_argument":1}' }],
}
const answered: ChatMessage = { role: 'tool', content: 'probe-result', callId: 'call00001', name: 'probe_tool' }
const declared: ChatTool = {
  name: 'probe_declared',
  description: 'probe-description',
  inputSchema: { type: 'object', properties: { probe_argument: { type: 'integer' } } },
}

function withLongId(message: ChatMessage): ChatMessage {
  return renameCalls(message, () => 'toolu_of-another_length')
}

function findTraits(source: string, draw: Draw): { traits: Traits; format: OutputFormat } {
  const show = (conversation: Drawn): string | undefined => {
    try {
      return draw(conversation)
    } catch {
      return undefined
    }
  }
  const shows = (conversation: Drawn, ...marks: readonly string[]): boolean => {
    const text = show(conversation)
    return text !== undefined && marks.every(mark => text.includes(mark))
  }
  const toolMessages = shows({ messages: [user, called, answered] }, 'probe_tool', 'probe_argument', 'probe-result')
  const hasTools = toolMessages && shows({ messages: [user], tools: [declared] }, 'probe_declared', 'probe_argument')
  const words = show({ messages: [user, assistant], opensAnswer: false })
  const call = show({ messages: [user, called], opensAnswer: false })
  const { format, rendersTools } = detectFormat(source, {
    hasTools,
    ...(words !== undefined && { words }),
    ...(call !== undefined && { call }),
  })
  const traits = {
    system: shows({ messages: [system, user] }, 'probe-system', 'probe-user'),
    inlineSystem: shows({ messages: [user, assistant, user, system] }, 'probe-system', 'probe-assistant'),
    toolMessages,
    rendersTools,
    splitsCalls:
      !shows({ messages: [user, { ...called, content: 'probe-words' }, answered] }, 'probe-words') &&
      shows({ messages: [user, assistant, called, answered, assistant, user] }, 'probe-assistant', 'probe_tool'),
    anyCallId: shows({ messages: [user, ...[called, answered].map(withLongId)] }, 'probe-result'),
  }
  return { traits, format }
}

/** Says a conversation within what a template can express. */
function express(
  { messages, tools, thinking, effort }: ChatPrompt,
  { traits, mark }: { readonly traits: Traits; readonly mark: MarkWords },
): Drawn {
  const described = tools && !traits.rendersTools ? withToolDescriptions(messages, tools) : messages
  const hasPlace = traits.toolMessages && (traits.rendersTools || !tools)
  const withTools = hasPlace ? described : described.map(message => toolTurnAsText(message, mark))
  const withIds = traits.anyCallId ? withTools : withShortIds(withTools)
  const withWords = traits.splitsCalls ? withIds.flatMap(splitWords) : withIds
  const withSystem = withWords.map((message, index) => {
    const isExpressible = message.role !== 'system' || (index === 0 ? traits.system : traits.inlineSystem)
    return isExpressible ? message : { ...message, role: 'user' as const }
  })
  return {
    messages: joinNeighbours(withSystem),
    ...(tools && traits.rendersTools && { tools }),
    ...(thinking !== undefined && { isThinking: thinking }),
    ...(effort !== undefined && { effort }),
  }
}

function splitWords(message: ChatMessage): readonly ChatMessage[] {
  const { toolCalls, ...words } = message
  return toolCalls && message.content !== '' ? [words, { ...message, content: '' }] : [message]
}

/* Numbered as they come, ids stay the same from turn to turn. */
function withShortIds(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const short = new Map<string, string>()
  const shorten = (id: string): string => {
    const known = short.get(id) ?? `call${String(short.size).padStart(5, '0')}`
    short.set(id, known)
    return known
  }
  return messages.map(message => renameCalls(message, shorten))
}

function renameCalls(message: ChatMessage, rename: (id: string) => string): ChatMessage {
  const { toolCalls, callId } = message
  return {
    ...message,
    ...(toolCalls && { toolCalls: toolCalls.map(call => ({ ...call, id: rename(call.id) })) }),
    ...(callId !== undefined && { callId: rename(callId) }),
  }
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

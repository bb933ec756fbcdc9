import type { ChatMessage, ChatPrompt, ChatTool } from '../chat-prompt.ts'
import type { MarkWords } from './control-words.ts'
import type { OutputFormat } from './output/output-format.ts'
import { mapTexts } from './template-values.ts'

/**
 * Marks the control words in what a request says. The arguments of calls are left to those who spell them, since JSON
 * can hide a word that is seen only once it is read, as in `<\/s>`.
 */
export function markPrompt(prompt: ChatPrompt, { mark, format }: Marking): ChatPrompt {
  const { messages, prefill, tools } = prompt
  const tags = format.type === 'tagged' && format.thinking ? Object.values(format.thinking) : []
  // Templates look in earlier answers for where reasoning ends.
  const markAnswer: MarkWords = text => mark(text, tags)
  return {
    ...prompt,
    messages: messages.map(message => markMessage(message, { mark, markAnswer })),
    prefill: markAnswer(prefill),
    ...(tools && { tools: tools.map(tool => markTool(tool, mark)) }),
  }
}

interface Marking {
  readonly mark: MarkWords
  /** How the model's answers are written. */
  readonly format: OutputFormat
}

function markMessage(
  message: ChatMessage,
  { mark, markAnswer }: { readonly mark: MarkWords; readonly markAnswer: MarkWords },
): ChatMessage {
  const { role, content, toolCalls, callId, name, thinking } = message
  return {
    role,
    content: role === 'assistant' ? markAnswer(content) : mark(content),
    ...(toolCalls && { toolCalls: toolCalls.map(call => ({ ...call, id: mark(call.id), name: mark(call.name) })) }),
    ...(callId !== undefined && { callId: mark(callId) }),
    ...(name !== undefined && { name: mark(name) }),
    ...(thinking !== undefined && { thinking: mark(thinking) }),
  }
}

function markTool(tool: ChatTool, mark: MarkWords): ChatTool {
  const { name, description, inputSchema } = tool
  return {
    ...tool,
    name: mark(name),
    ...(description !== undefined && { description: mark(description) }),
    inputSchema: mapTexts(inputSchema, text => mark(text)),
  }
}

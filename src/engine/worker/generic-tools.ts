import type { ChatMessage, ChatTool } from '../chat-prompt.ts'
import type { MarkWords } from './control-words.ts'

/** Says calls and their results in words, for templates that know neither. Arguments are marked as they are written. */
export function toolTurnAsText(message: ChatMessage, mark: MarkWords): ChatMessage {
  if (message.role === 'tool') {
    return { role: 'user', content: `Result of ${message.name ?? 'the tool'}:\n${message.content}` }
  }
  const { toolCalls, ...words } = message
  if (!toolCalls) return message
  const calls = toolCalls.map(
    ({ name, input }) =>
      `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${input === '' ? '{}' : mark(input)}}\n</tool_call>`,
  )
  return { ...words, content: [words.content, ...calls].filter(text => text !== '').join('\n') }
}

/** Describes tools in the system turn, for templates that have no place for them. */
export function withToolDescriptions(
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
): readonly ChatMessage[] {
  const [first, ...rest] = messages
  const description = describeTools(tools)
  if (first?.role !== 'system') return [{ role: 'system', content: description }, ...messages]
  return [{ ...first, content: `${first.content}\n\n${description}` }, ...rest]
}

function describeTools(tools: readonly ChatTool[]): string {
  const lines = tools.map(({ name, description, inputSchema }) =>
    JSON.stringify({ name, ...(description !== undefined && { description }), parameters: inputSchema }),
  )
  return [
    'You can call these tools. Each line is one tool with the JSON schema of its arguments:',
    ...lines,
    'To call a tool, write exactly this, with the arguments as a JSON object, and then stop and wait for its result:',
    '<tool_call>',
    '{"name": "the tool\'s name", "arguments": {}}',
    '</tool_call>',
    'You may make several calls, each in a <tool_call> of its own. Where no tool helps, answer in plain words.',
  ].join('\n')
}

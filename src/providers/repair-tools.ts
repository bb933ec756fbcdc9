import type { ContentBlock, TextBlock, ToolCallBlock, ToolResultBlock } from '../core/content.ts'
import type { Loss } from '../core/loss.ts'
import type { Message } from '../core/request.ts'

/**
 * Makes each tool call have its one result, and each result its call: every cloud refuses a conversation where they do
 * not match. A call that was broken off is told so; a result whose call is gone is told as text.
 */
export function repairTools(messages: readonly Message[], losses: Loss[]): readonly Message[] {
  const repaired: Message[] = []
  const waiting = new Set<string>()
  for (const [at, message] of messages.entries()) {
    if (message.role === 'assistant') {
      // Turns of the model that follow each other are one turn.
      if (repaired.at(-1)?.role !== 'assistant') answerOpen(repaired, waiting, losses)
      for (const { id } of message.content.filter(isCall)) waiting.add(id)
      repaired.push(message)
    } else {
      repaired.push(checkResults(message, { at, waiting, losses }))
    }
  }
  answerOpen(repaired, waiting, losses)
  return repaired
}

function isCall(block: ContentBlock): block is ToolCallBlock {
  return block.type === 'tool-call'
}

interface Place {
  readonly at: number
  /** The calls that have no result yet. */
  readonly waiting: Set<string>
  readonly losses: Loss[]
}

function checkResults(message: Message, { at, waiting, losses }: Place): Message {
  let isChanged = false
  const content = message.content.flatMap((block, index): readonly ContentBlock[] => {
    if (block.type !== 'tool-result' || waiting.delete(block.callId)) return [block]
    isChanged = true
    losses.push({
      field: `messages.${at}.content.${index}`,
      action: 'degraded',
      why: 'there is no call for this tool result, so it is told as text',
    })
    return asText(block)
  })
  return isChanged ? { ...message, content } : message
}

function asText({ content, isError }: ToolResultBlock): readonly ContentBlock[] {
  const label: TextBlock = { type: 'text', text: `Result of an earlier tool call${isError ? ', which failed' : ''}:` }
  return [label, ...content]
}

/** Gives the calls that nobody answered an answer, in the first turn after them. */
function answerOpen(messages: Message[], waiting: Set<string>, losses: Loss[]): void {
  if (waiting.size === 0) return
  const last = messages.findLastIndex(({ role }) => role === 'assistant')
  const field = `messages.${last}`
  losses.push({ field, action: 'emulated', why: 'tool calls without a result are given one that says so' })
  const results = [...waiting].map(unanswered)
  waiting.clear()
  const following = messages[last + 1]
  if (following?.role === 'user') {
    messages[last + 1] = { ...following, content: [...results, ...following.content] }
  } else {
    messages.splice(last + 1, 0, { role: 'user', content: results })
  }
}

function unanswered(callId: string): ToolResultBlock {
  const text = 'There is no result: the call was not carried out, or what it gave is gone.'
  return { type: 'tool-result', callId, content: [{ type: 'text', text }], isError: true }
}

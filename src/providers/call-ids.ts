import { createHash } from 'node:crypto'
import type { ContentBlock } from '../core/content.ts'
import type { ProtocolId } from '../core/extras.ts'
import type { Message } from '../core/request.ts'

/* What each protocol's owner takes as the id of a tool call. */
const accepted: Readonly<Record<ProtocolId, RegExp>> = {
  'anthropic-messages': /^[\w-]{1,64}$/,
  'openai-chat': /^.{1,40}$/su,
  'openai-responses': /^.{1,64}$/su,
}

/**
 * Gives tool calls that another provider named in its own way a name that the target takes, and their results the
 * same. The name follows from the old one, so that a conversation keeps it from turn to turn.
 */
export function acceptCallIds(messages: readonly Message[], protocol: ProtocolId): readonly Message[] {
  const pattern = accepted[protocol]
  const renamed = (id: string): string => (pattern.test(id) ? id : `call_${digest(id)}`)
  return messages.map(message => {
    if (!message.content.some(block => hasId(block, id => !pattern.test(id)))) return message
    return { ...message, content: message.content.map(block => withId(block, renamed)) }
  })
}

function hasId(block: ContentBlock, matches: (id: string) => boolean): boolean {
  if (block.type === 'tool-call') return matches(block.id)
  return block.type === 'tool-result' && matches(block.callId)
}

function withId(block: ContentBlock, renamed: (id: string) => string): ContentBlock {
  if (block.type === 'tool-call') return { ...block, id: renamed(block.id) }
  return block.type === 'tool-result' ? { ...block, callId: renamed(block.callId) } : block
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 24)
}

import type { IncomingHttpHeaders } from 'node:http'
import { anthropicMessages } from '../protocols/anthropic-messages/index.ts'
import { openaiChat } from '../protocols/openai-chat/index.ts'
import { openaiResponses } from '../protocols/openai-responses/index.ts'
import type { Protocol } from '../protocols/protocol.ts'

/**
 * Tells which protocol a client speaks. Only `anthropic-version` tells for sure, since both vendors' clients
 * send `Authorization: Bearer`; a path that belongs to one protocol goes before it.
 */
export function askingProtocol(path: string, headers: IncomingHttpHeaders): Protocol {
  if (path === '/v1/messages' || path.startsWith('/v1/messages/')) return anthropicMessages
  if (path.startsWith('/v1/chat/')) return openaiChat
  if (path === '/v1/responses' || path.startsWith('/v1/responses/')) return openaiResponses
  return headers['anthropic-version'] === undefined ? openaiChat : anthropicMessages
}

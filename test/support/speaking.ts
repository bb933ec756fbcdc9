import { collect } from '../../src/core/collect.ts'
import type { Answer } from '../../src/core/collect.ts'
import { ModelError } from '../../src/core/errors.ts'
import type { ProtocolId } from '../../src/core/extras.ts'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.ts'
import { openaiChat } from '../../src/protocols/openai-chat/index.ts'
import { openaiResponses } from '../../src/protocols/openai-responses/index.ts'
import type { ClientCodec, ReplyContext } from '../../src/protocols/protocol.ts'
import type { SseFrame } from '../../src/protocols/sse.ts'
import { play as inTurn } from './play.ts'
import type { SeenRequest, StreamScript, WholeScript } from './scripted-upstream.ts'

/** The halves that read an upstream, by protocol. */
export const readers: Readonly<Record<ProtocolId, ClientCodec>> = {
  'anthropic-messages': anthropicMessages.client,
  'openai-chat': openaiChat.client,
  'openai-responses': openaiResponses.client,
}

/** The protocols that clients speak. */
export const spoken = {
  'anthropic-messages': anthropicMessages,
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
} as const

const context: ReplyContext = { responseId: 'there_1', requestId: 'req_there', created: 7, includesUsage: true }

/** The frames of a kept stream. */
export function framesIn({ events }: Pick<StreamScript, 'events'>): readonly SseFrame[] {
  return events.map(data => (data.startsWith(':') ? { comment: data.slice(1) } : { data }))
}

/** The bytes of a kept stream, as its upstream sends them. */
export function wire({ events, isNamed = false }: StreamScript): string {
  const name = (data: string) => (isNamed ? `event: ${(JSON.parse(data) as { readonly type: string }).type}\n` : '')
  return events.map(data => (data.startsWith(':') ? `${data}\n\n` : `${name(data)}data: ${data}\n\n`)).join('')
}

/** Gives what a stream tells from its start to its end, or how it fails. */
export async function meaning(protocol: ProtocolId, stream: StreamScript): Promise<Answer | ModelError> {
  try {
    return await collect(readers[protocol].decodeStream(inTurn(framesIn(stream))))
  } catch (failure) {
    if (failure instanceof ModelError) return failure
    throw failure
  }
}

/** The same answer in one piece, as its maker gives it to who asks for no stream. */
export async function inOnePiece(protocol: keyof typeof spoken, stream: StreamScript): Promise<WholeScript> {
  const { server } = spoken[protocol]
  const answer = await meaning(protocol, stream)
  if (!(answer instanceof ModelError)) return { body: server.encodeAnswer(answer, context) }
  const { status, headers, body } = server.encodeError(answer, 'req_there')
  return { status, headers, body }
}

/** What the upstream was asked: for which model, and whether for a stream. */
export function askedOf({ body }: SeenRequest): { readonly model: string; readonly isStreaming: boolean } {
  const { model = '', stream = false } = JSON.parse(body) as { readonly model?: string; readonly stream?: boolean }
  return { model, isStreaming: stream }
}

import type { ModelRequest } from '../core/request.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { ProtocolId } from '../core/extras.ts'
import { anthropicMessages } from '../protocols/anthropic-messages/index.ts'
import { openaiChat } from '../protocols/openai-chat/index.ts'
import { openaiResponses } from '../protocols/openai-responses/index.ts'
import type { ServerCodec } from '../protocols/protocol.ts'
import { circumstancesOf, requestHeaders, senderOf, type Asker } from './circumstances.ts'

/**
 * Reads a request of which somebody wants to know where it would go, with all that its headers say, as the server reads
 * one that it is to answer. Throws `invalid-request` for what it would refuse.
 */
export function readAsked(protocol: ProtocolId, body: unknown, asker: Asker): readonly [ModelRequest, Circumstances] {
  const codec = codecs[protocol]
  const headers = requestHeaders(asker.request.headers)
  // How long the answer may be decides nothing.
  const request = codec.decodeCountRequest?.(body, headers) ?? codec.decodeRequest(body, headers).request
  return [{ ...request, ...senderOf(asker) }, circumstancesOf(asker, protocol)]
}

const codecs: Readonly<Record<ProtocolId, ServerCodec>> = {
  'anthropic-messages': anthropicMessages.server,
  'openai-chat': openaiChat.server,
  'openai-responses': openaiResponses.server,
}

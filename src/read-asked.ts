import type { AskedRoute } from './cli/program-context.ts'
import type { ClientKey } from './config/client-keys.ts'
import { ModelError } from './core/errors.ts'
import type { ModelRequest } from './core/request.ts'
import type { Circumstances } from './core/route-rules.ts'
import { anthropicMessages } from './protocols/anthropic-messages/index.ts'
import { openaiChat } from './protocols/openai-chat/index.ts'

/** Reads a request of which somebody at the terminal wants to know where it would go. Throws a `ModelError`. */
export function readAsked(
  { protocol, request, headers, key }: AskedRoute,
  keys: readonly ClientKey[],
): readonly [ModelRequest, Circumstances] {
  const known = keys.find(({ name }) => name === key)
  if (key !== undefined && !known) {
    const names = keys.map(({ name }) => name).join(', ') || 'none'
    throw new ModelError('not-found', `there is no key of the name ${JSON.stringify(key)}; the keys are: ${names}`)
  }
  const circumstances: Circumstances = {
    protocol,
    headers,
    ...(known && { key: known.name }),
    ...(known?.isLocalOnly === true && { localOnly: 'key' }),
    isStrict: known?.isStrict === true,
  }
  return [readRequest(protocol, request), circumstances]
}

function readRequest(protocol: AskedRoute['protocol'], asked: unknown): ModelRequest {
  // Which model is asked for is enough to know most of the way.
  if (isOnlyModel(asked)) return { model: asked.model, system: [], messages: [] }
  const { server } = protocol === 'anthropic-messages' ? anthropicMessages : openaiChat
  return server.decodeCountRequest?.(asked, {}) ?? server.decodeRequest(asked, {}).request
}

function isOnlyModel(asked: unknown): asked is { readonly model: string } {
  return (
    typeof asked === 'object' &&
    asked !== null &&
    'model' in asked &&
    typeof asked.model === 'string' &&
    'messages' in asked &&
    Array.isArray(asked.messages) &&
    asked.messages.length === 0
  )
}

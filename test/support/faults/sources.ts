import type { ProtocolId } from '../../../src/core/extras.ts'
import { kinds } from '../../../src/providers/registry.ts'
import { keptStream } from '../scripted-upstream.ts'
import type { Source } from './matrix.ts'

/** Gives a kept stream, under a name of its own, with the kind that it is of; those of others are played by a server that is merely compatible. */
export async function sourceOf(protocol: ProtocolId, name: string): Promise<Source> {
  const speaks = kinds.filter(({ dialects }) => dialects.some(spoken => spoken.protocol === protocol))
  const common = protocol === 'anthropic-messages' ? 'anthropic-compatible' : 'openai-compatible'
  const kind = speaks.find(({ id }) => name.startsWith(id)) ?? speaks.find(({ id }) => id === common)
  if (!kind) throw new Error(`nobody speaks ${protocol}`)
  const isRelayed = kind.dialects.some(spoken => spoken.protocol === protocol && spoken.isRelayed === true)
  return { name: `${protocol}-${name}`, kind: kind.id, protocol, isRelayed, stream: await keptStream(protocol, name) }
}

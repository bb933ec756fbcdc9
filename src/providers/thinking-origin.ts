import type { ModelEvent, ModelStream } from '../core/events.ts'

/*
 * Protocols give a client one place where reasoning says whose it is: its signature. What was not made by Anthropic
 * therefore goes out with a signature that names its maker and holds the maker's own signature, if there is one.
 */

const prefix = 'duologue.2.'
const sealed = /^duologue\.2\.([\w-]{1,700})\.(.*)$/s

// The embedded engine signs in a form of its own, and a protocol in which clients see no signature of the maker.
const local = /^duologue\.1\./
const protocolOwn = /^duologue\.(openai-responses|openai-chat)\./

const maxOriginLength = 512

/** Who made reasoning, and the signature that its maker knows. */
export interface Seal {
  readonly origin: string
  readonly signature?: string
}

/** Writes who made reasoning into its signature. */
export function seal({ origin, signature = '' }: Seal): string {
  return `${prefix}${Buffer.from(origin.slice(0, maxOriginLength)).toString('base64url')}.${signature}`
}

/** Reads who made reasoning from its signature, or gives nothing where its maker signed it himself. */
export function unseal(signature: string): Seal | undefined {
  if (local.test(signature)) return { origin: 'local' }
  const [, protocol] = protocolOwn.exec(signature) ?? []
  if (protocol !== undefined) return { origin: protocol, signature }
  const [, origin, inner = ''] = sealed.exec(signature) ?? []
  if (origin === undefined) return undefined
  return { origin: Buffer.from(origin, 'base64url').toString(), ...(inner !== '' && { signature: inner }) }
}

/** Marks the reasoning of an answer with who makes it. */
export async function* sealThinking(events: ModelStream, origin: string): AsyncGenerator<ModelEvent> {
  let isOpen = false
  for await (const event of events) {
    if (event.type === 'block-start') {
      const { block } = event
      isOpen = block.type === 'thinking'
      const isReasoning = block.type === 'thinking' || block.type === 'redacted-thinking'
      yield isReasoning ? { ...event, block: { ...block, origin } } : event
    } else if (event.type === 'signature') {
      isOpen = false
      yield { ...event, signature: seal({ origin, signature: event.signature }) }
    } else {
      if (event.type === 'block-end' && isOpen) {
        isOpen = false
        yield { type: 'signature', index: event.index, signature: seal({ origin }) }
      }
      yield event
    }
  }
}

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ThinkingBlock } from '../core/content.ts'

/** The origin of reasoning that a model of the embedded engine made. */
export const localOrigin = 'local'

const prefix = 'duologue.1.'

/**
 * Signs reasoning so that it is known again, by this server and by others like it.
 * The key is no secret: nothing is trusted for its signature, it only tells local reasoning from foreign.
 */
export function signThinking(text: string): string {
  return prefix + createHmac('sha256', prefix).update(text).digest('base64url')
}

/**
 * Whether reasoning that a client sends back was made here, unchanged.
 * Protocols without signatures cannot say; what comes from them unsigned is taken for ours.
 */
export function isOwnThinking({ text, signature, origin }: ThinkingBlock): boolean {
  if (origin !== undefined && origin !== localOrigin) return false
  if (signature === undefined) return true
  const expected = Buffer.from(signThinking(text))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

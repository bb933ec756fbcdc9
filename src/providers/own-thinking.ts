import type { ContentBlock, RedactedThinkingBlock, ThinkingBlock } from '../core/content.ts'
import type { Loss } from '../core/loss.ts'
import type { Message } from '../core/request.ts'
import type { Target } from './target.ts'
import { type Seal, unseal } from './thinking-origin.ts'

/**
 * Keeps the reasoning that the target made itself, in its own form, and leaves all other out. What nobody signed stays:
 * a client of a protocol without signatures gives it back, and the target's protocol knows whether to take it.
 */
export function keepOwnThinking(messages: readonly Message[], target: Target, losses: Loss[]): readonly Message[] {
  return messages.flatMap((message, at) => {
    const content = message.content.flatMap((block, index): readonly ContentBlock[] => {
      if (block.type !== 'thinking' && block.type !== 'redacted-thinking') return [block]
      const own = ownForm(block, target)
      if (typeof own !== 'string') return [own]
      losses.push({ field: `messages.${at}.content.${index}`, action: 'dropped', why: `the reasoning is ${own}'s` })
      return []
    })
    if (content.length === message.content.length && content.every((block, at) => block === message.content[at]))
      return [message]
    return content.length === 0 ? [] : [{ ...message, content }]
  })
}

type Reasoning = ThinkingBlock | RedactedThinkingBlock

/** Gives reasoning as its maker knows it, or who made it where the target did not. */
function ownForm(block: Reasoning, target: Target): Reasoning | string {
  const seal = sealOf(block)
  const maker = seal?.origin ?? block.origin ?? (isSigned(block) ? 'anthropic-messages' : undefined)
  if (maker !== undefined && !isOwn(maker, target)) return maker
  if (seal === undefined || block.type !== 'thinking' || seal.signature === block.signature) return block
  const { signature: _, origin: __, ...bare } = block
  return { ...bare, ...(seal.signature !== undefined && { signature: seal.signature }) }
}

function isOwn(maker: string, { origin, protocol, takesUnmarked }: Target): boolean {
  return maker === origin || (takesUnmarked && maker === protocol)
}

function sealOf(block: Reasoning): Seal | undefined {
  return block.type === 'thinking' && block.signature !== undefined ? unseal(block.signature) : undefined
}

function isSigned(block: Reasoning): boolean {
  return block.type === 'redacted-thinking' || block.signature !== undefined
}

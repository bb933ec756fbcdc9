import type { Loss } from '../core/loss.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Target } from './target.ts'

/**
 * Asks for no reasoning in the middle of a turn that began without: Anthropic refuses to think on after tool calls that
 * it did not think before, as those of another model. The next turn of the user brings the reasoning back.
 */
export function withoutLateThinking(request: ModelRequest, { thinksFirst }: Target, losses: Loss[]): ModelRequest {
  const { thinking, ...rest } = request
  if (!thinksFirst || thinking?.mode !== 'enabled' || !isAmidBareTurn(request)) return request
  losses.push({
    field: 'thinking',
    action: 'dropped',
    why: 'the turn began without reasoning of this model, and it is in the middle of its tool calls',
  })
  return rest
}

function isAmidBareTurn({ messages }: ModelRequest): boolean {
  const isAnswered = messages.at(-1)?.content.some(({ type }) => type === 'tool-result') === true
  if (!isAnswered) return false
  const begun = messages.findLast(({ role }) => role === 'assistant')?.content[0]?.type
  return begun !== 'thinking' && begun !== 'redacted-thinking'
}

import type { TextBlock } from '../../core/content.ts'
import type { ModelRequest } from '../../core/request.ts'

const billingLine = /^\s*x-anthropic-billing-header:[^\n]*(\n|$)/

/**
 * Takes away the billing line that Claude Code puts before the system prompt. It says nothing to a model, and it
 * changes from request to request, so that nothing after it could be reused.
 */
export function dropBillingLine(request: ModelRequest): ModelRequest {
  const [first, ...rest] = request.system
  if (!first || !billingLine.test(first.text)) return request
  return { ...request, system: [...withoutLine(first), ...rest] }
}

function withoutLine(block: TextBlock): readonly TextBlock[] {
  const text = block.text.replace(billingLine, '')
  return text.trim() === '' ? [] : [{ ...block, text }]
}

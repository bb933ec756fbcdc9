import type { JsonObject } from '../../core/json.ts'
import type { Effort, ModelRequest } from '../../core/request.ts'
import { defined } from '../json.ts'
import type { Compat } from '../protocol.ts'
import type { Report } from './losses.ts'

/** Says whether and how hard to reason, in the way that the upstream understands. */
export function encodeThinking(request: ModelRequest, compat: Compat, report: Report): JsonObject {
  const { thinking, effort } = request
  if (!thinking && effort === undefined) return {}
  if (thinking?.mode === 'between-tools') report('thinking.mode', 'dropped', 'Chat cannot say when to reason')
  const isOff = thinking ? thinking.mode === 'disabled' : effort === 'none'
  return spellings[compat.thinkingControl ?? 'effort']({ request, isOff, report })
}

interface Asked {
  readonly request: ModelRequest
  readonly isOff: boolean
  readonly report: Report
}

const spellings: Readonly<Record<NonNullable<Compat['thinkingControl']>, (asked: Asked) => JsonObject>> = {
  effort: ({ request, isOff, report }) =>
    defined({ reasoning_effort: isOff ? ('none' as const) : effortIn(request, report) }),
  'reasoning-object': ({ request, isOff }) => ({ reasoning: isOff ? { enabled: false } : encodeReasoning(request) }),
  'thinking-type': asked => ({ thinking: { type: isOn(asked) ? 'enabled' : 'disabled' } }),
  'template-switch': asked => ({ chat_template_kwargs: { enable_thinking: isOn(asked) } }),
  none: ({ request, report }) => {
    for (const field of ['thinking', 'effort'] as const) {
      if (request[field] !== undefined) report(field, 'dropped', 'the upstream cannot be told how to reason')
    }
    return {}
  },
}

/** Gives the effort that is asked for, or the one that a number of tokens comes to. */
function effortIn({ effort, thinking }: ModelRequest, report: Report): Effort | undefined {
  const budget = thinking?.budgetTokens
  if (budget === undefined) return effort
  report('thinking.budgetTokens', 'degraded', 'Chat takes an effort in place of a number of tokens')
  if (effort !== undefined) return effort
  if (budget <= 2048) return 'low'
  return budget <= 8192 ? 'medium' : 'high'
}

function encodeReasoning({ effort, thinking }: ModelRequest): JsonObject {
  const budget = thinking?.budgetTokens
  const how = budget === undefined ? defined({ effort }) : { max_tokens: budget }
  const isHidden = thinking?.display === 'omitted'
  return { ...(Object.keys(how).length === 0 ? { enabled: true } : how), ...(isHidden && { exclude: true }) }
}

/** Whether to reason, for an upstream that can be told no more than that. */
function isOn({ request: { effort, thinking }, isOff, report }: Asked): boolean {
  if (isOff) return false
  const why = 'the upstream can only be told to reason or not'
  if (thinking?.budgetTokens !== undefined) report('thinking.budgetTokens', 'degraded', why)
  if (effort !== undefined) report('effort', 'degraded', why)
  return true
}

import type { ProtocolId } from './extras.ts'
import type { Json } from './json.ts'
import type { Loss } from './loss.ts'
import type { ModelRequest, OpaqueTool } from './request.ts'

const protocols = ['anthropic-messages', 'openai-chat', 'openai-responses'] as const satisfies readonly ProtocolId[]

/**
 * Says what a request asks in words, or of tools, that only its own protocol has, and that whoever answers is not told.
 * `spoken` is the protocol in which that one is asked; absent where it is asked in none.
 */
export function foreignLosses(request: ModelRequest, spoken?: ProtocolId): readonly Loss[] {
  const { extras = {}, opaqueTools = [] } = request
  const fields = protocols
    .filter(protocol => protocol !== spoken)
    .flatMap(protocol =>
      Object.entries(extras[protocol] ?? {})
        .filter(([field, value]) => !told[protocol].has(field) && asksForSomething(field, value))
        .map(([field]) => ({ field, action: 'dropped', why: `only ${protocol} has this field` }) as const),
    )
  const foreignTools = opaqueTools.filter(({ protocol }) => protocol !== spoken)
  return [...fields, ...foreignTools.map(lostTool), ...lostChoice(request, foreignTools)]
}

function lostTool({ protocol, value }: OpaqueTool): Loss {
  const type = typeof value['type'] === 'string' ? value['type'] : 'unknown'
  return { field: `tools.${type}`, action: 'dropped', why: `only servers that speak ${protocol} run such a tool` }
}

/* Nobody can be made to call a tool that none is told of. */
function lostChoice(request: ModelRequest, foreignTools: readonly OpaqueTool[]): readonly Loss[] {
  const { tools = [], opaqueTools = [], toolChoice } = request
  const isLost = tools.length === 0 && opaqueTools.length > 0 && foreignTools.length === opaqueTools.length
  if (!isLost || toolChoice?.type !== 'any') return []
  return [{ field: 'toolChoice', action: 'dropped', why: 'a tool must be called, but none is left that could be' }]
}

/*
 * What is told in another way, or asks for what every answer gives: `betas` are marks of a header, `safety_identifier` is
 * told as the user, reasoning is always told and can be sent back, and a cache that keeps for an hour is asked for.
 */
const told: Readonly<Record<ProtocolId, ReadonlySet<string>>> = {
  'anthropic-messages': new Set(['betas']),
  'openai-chat': new Set(['safety_identifier']),
  'openai-responses': new Set([
    'safety_identifier',
    'include',
    'reasoning',
    'prompt_cache_retention',
    'client_metadata',
  ]),
}

const usual: ReadonlySet<Json> = new Set([null, false, 'auto', 'default', 'disabled'])

function asksForSomething(field: string, value: Json): boolean {
  // Answers are text in any case.
  return !usual.has(value) && field !== 'modalities' && !(Array.isArray(value) && value.length === 0)
}

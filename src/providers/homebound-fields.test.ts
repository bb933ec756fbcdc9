import { expect, test } from 'vitest'
import { wireFields as anthropicMessages } from '../protocols/anthropic-messages/wire.ts'
import { wireFields as openaiChat } from '../protocols/openai-chat/wire.ts'
import { wireFields as openaiResponses } from '../protocols/openai-responses/wire.ts'
import { homeboundFields, type Fields } from './homebound-fields.ts'

const tables = {
  'anthropic-messages': anthropicMessages,
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
} as const

/* Names of ours for what is kept, and fields that stand deeper than the tables go. */
const marks = ['fields', 'message', 'detail', 'refusal']
const deeper = ['verbosity', 'prompt_cache_breakpoint', 'cache_control', 'type', 'name']
const others = new Set([...marks, ...deeper])

function namesIn(fields: Fields): readonly string[] {
  return Object.entries(fields).flatMap(([name, within]) =>
    typeof within === 'string' ? [name] : [name, ...namesIn(within)],
  )
}

test.each(Object.entries(tables))(
  'what of %s goes on with a request that must stay is told of by its table',
  (id, table) => {
    const known = new Set(Object.values(table).flatMap(fields => Object.keys(fields)))
    const { request, tool, turn } = homeboundFields[id as keyof typeof tables]
    const names = [request, tool, turn].flatMap(namesIn).filter(name => !others.has(name))
    expect(names.filter(name => !known.has(name))).toEqual([])
  },
)

test.each(['web_search_options', 'mcp_servers', 'fallbacks', 'container', 'moderation', 'tool_choice', 'metadata'])(
  '%s, with which others come in, is not among it',
  field => {
    for (const { request } of Object.values(homeboundFields)) expect(Object.keys(request)).not.toContain(field)
  },
)

import { expect, test } from 'vitest'
import { collect } from '../../src/core/collect.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.ts'
import { objectIn, stringIn } from '../../src/protocols/json.ts'
import { claude, deepseek, gpt, list, mistral } from '../support/makers.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { never, provide } from './ask.ts'

const makers = { claude, gpt, deepseek, mistral }
const names = Object.keys(makers) as (keyof typeof makers)[]

/** What an Anthropic client has said and heard, with a turn of the embedded engine at its beginning. */
function beginning(): JsonObject[] {
  const thought = { type: 'thinking', thinking: 'thought by local', signature: 'duologue.1.abc' }
  return [
    { role: 'user', content: 'Look around.' },
    { role: 'assistant', content: [thought, { type: 'text', text: 'I will.' }] },
    { role: 'user', content: 'Go on.' },
  ]
}

function nextTurn(content: readonly JsonObject[]): JsonObject {
  const results = content.flatMap(({ type, id }) =>
    type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: id ?? '', content: 'seen' }] : [],
  )
  return { role: 'user', content: [...results, { type: 'text', text: 'And then?' }] }
}

test('a conversation that goes round four makers is accepted by each of them, and each sees its own thoughts only', async () => {
  const messages = beginning()
  const seen: Record<string, string> = {}
  for (let turn = 0; turn < 16; turn++) {
    const name = names[turn % names.length] ?? 'claude'
    const maker = makers[name]
    const script: Script = { body: maker.answer(turn) }
    await using upstream = await startUpstream(script)
    const { kind, protocol } = maker
    const provider = provide({ kind, url: upstream.origin, ...(protocol && { protocol }) })
    const body = { model: name, max_tokens: 99, messages, tools: [{ name: 'look', input_schema: { type: 'object' } }] }
    const { request } = anthropicMessages.server.decodeRequest(body, {})
    const answer = await collect(provider.backend.stream(request, never))

    const sent = upstream.seen[0]?.body ?? ''
    expect(maker.faults(objectIn(JSON.parse(sent)) ?? {}), `${name} in turn ${turn}`).toEqual([])
    const thoughts = new Set([...sent.matchAll(/thought by (\w+)/g)].map(([, whose = '']) => whose))
    expect([...thoughts].filter(whose => whose !== name)).toEqual([])
    seen[name] = [...thoughts].join()

    const reply = anthropicMessages.server.encodeAnswer(answer, context)
    messages.push({ role: 'assistant', content: list(reply['content']) }, nextTurn(list(reply['content'])))
    expect(stringIn(reply['stop_reason'])).toBe('tool_use')
  }
  expect(seen).toEqual({ claude: 'claude', gpt: 'gpt', deepseek: 'deepseek', mistral: '' })
})

const context = { responseId: 'msg_x', requestId: 'req_x', created: 0, includesUsage: true }

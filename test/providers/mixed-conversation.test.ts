import { expect, test } from 'vitest'
import { collect } from '../../src/core/collect.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.ts'
import { arrayIn, isJsonObject, objectIn, stringIn } from '../../src/protocols/json.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { never, provide } from './ask.ts'

/** A strict replica of a maker: it finds fault with what the maker refuses, and thinks aloud before each tool call. */
interface Maker {
  readonly kind: string
  readonly protocol?: 'openai-responses'
  readonly faults: (body: JsonObject) => readonly string[]
  readonly answer: (turn: number) => JsonObject
}

function list(value: Json | undefined): readonly JsonObject[] {
  return (arrayIn(value) ?? []).filter(isJsonObject)
}

function word(value: Json | undefined): string {
  return stringIn(value) ?? 'nothing'
}

function unmatched(called: readonly string[], answered: readonly string[]): readonly string[] {
  const isEqual = JSON.stringify([...called].sort()) === JSON.stringify([...answered].sort())
  return isEqual ? [] : [`calls ${called.join()} and results ${answered.join()}`]
}

const usage = { input_tokens: 1, output_tokens: 1, prompt_tokens: 1, completion_tokens: 1 }

const claude: Maker = {
  kind: 'anthropic',
  faults: body => {
    const faults: string[] = []
    const messages = list(body['messages'])
    for (const [at, { content }] of messages.entries()) {
      const blocks = list(content)
      const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => word(id))
      const results = list(messages[at + 1]?.['content']).filter(({ type }) => type === 'tool_result')
      if (calls.length > 0)
        faults.push(
          ...unmatched(
            calls,
            results.map(({ tool_use_id }) => word(tool_use_id)),
          ),
        )
      if (blocks.length === 0) faults.push(`an empty turn ${at}`)
      faults.push(...calls.filter(id => !/^[\w-]{1,64}$/.test(id)).map(id => `the id ${id}`))
      const signed = blocks.filter(({ type }) => type === 'thinking').map(({ signature }) => word(signature))
      faults.push(...signed.filter(signature => !signature.startsWith('claude-')))
    }
    return faults
  },
  answer: turn => ({
    id: `msg_${turn}`,
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [
      { type: 'thinking', thinking: 'thought by claude', signature: `claude-${turn}` },
      { type: 'tool_use', id: `toolu_${turn}`, name: 'look', input: { turn } },
    ],
    stop_reason: 'tool_use',
    usage,
  }),
}

const gpt: Maker = {
  kind: 'openai',
  protocol: 'openai-responses',
  faults: body => {
    const items = list(body['input'])
    const calls = items.filter(({ type }) => type === 'function_call').map(({ call_id }) => word(call_id))
    const results = items.filter(({ type }) => type === 'function_call_output').map(({ call_id }) => word(call_id))
    const sealed = items.filter(({ type }) => type === 'reasoning').map(item => word(item['encrypted_content']))
    return [...unmatched(calls, results), ...sealed.filter(content => !content.startsWith('gpt-'))]
  },
  answer: turn => ({
    id: `resp_${turn}`,
    object: 'response',
    status: 'completed',
    model: 'gpt',
    output: [
      {
        type: 'reasoning',
        id: `rs_${turn}`,
        summary: [{ type: 'summary_text', text: 'thought by gpt' }],
        encrypted_content: `gpt-${turn}`,
      },
      { type: 'function_call', id: `fc_${turn}`, call_id: `call_${turn}`, name: 'look', arguments: '{}' },
    ],
    usage,
  }),
}

function chatFaults(body: JsonObject): readonly string[] {
  const messages = list(body['messages'])
  const calls = messages.flatMap(message => list(message['tool_calls']).map(({ id }) => word(id)))
  const results = messages.filter(({ role }) => role === 'tool').map(({ tool_call_id }) => word(tool_call_id))
  return [...unmatched(calls, results), ...calls.filter(id => id.length > 40)]
}

function chatAnswer(maker: string, id: string, thoughts: JsonObject): JsonObject {
  const tool_calls = [{ id, type: 'function', function: { name: 'look', arguments: '{}' } }]
  const message = { role: 'assistant', content: null, tool_calls, ...thoughts }
  return { id: 'c', model: maker, choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage }
}

const deepseek: Maker = {
  kind: 'deepseek',
  faults: body => {
    const silent = list(body['messages']).filter(
      message => message['tool_calls'] !== undefined && typeof message['reasoning_content'] !== 'string',
    )
    return [...chatFaults(body), ...silent.map(() => 'a call without reasoning_content')]
  },
  answer: turn => chatAnswer('deepseek', `functions.look:${turn}`, { reasoning_content: 'thought by deepseek' }),
}

const mistral: Maker = {
  kind: 'mistral',
  faults: body => {
    const messages = list(body['messages'])
    const ids = messages.flatMap(message => list(message['tool_calls']).map(({ id }) => word(id)))
    const afterTools = messages.filter(({ role }, at) => role === 'user' && messages[at - 1]?.['role'] === 'tool')
    return [
      ...chatFaults(body),
      ...ids.filter(id => !/^[A-Za-z0-9]{9}$/.test(id)),
      ...afterTools.map(() => 'a user after a tool'),
      ...messages.filter(message => 'reasoning_content' in message).map(() => 'reasoning_content'),
    ]
  },
  answer: turn => chatAnswer('mistral', `mis${String(turn).padStart(6, '0')}`, {}),
}

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

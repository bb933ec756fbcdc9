import { expect, test } from 'vitest'
import type { ModelEvent } from '../../src/core/events.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { objectIn, stringIn } from '../../src/protocols/json.ts'
import { post } from '../support/http-client.ts'
import { chat, claude, deepseek, gpt, list, mistral } from '../support/makers.ts'
import { scripted } from '../support/scripted-backend.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'

/*
 * One conversation that goes from model to model, at home and elsewhere, each thinking and calling a tool: every maker
 * finds it in order, and finds no thoughts in it but its own.
 */

const makers = { claude, gpt, chat, deepseek, mistral }

type Name = keyof typeof makers

/** Twice each after each other at least, and each after another. */
const order: readonly (Name | 'home')[] = [
  'home',
  'claude',
  'gpt',
  'home',
  'claude',
  'claude',
  'chat',
  'gpt',
  'gpt',
  'deepseek',
  'home',
  'home',
  'mistral',
  'claude',
  'deepseek',
  'gpt',
  'chat',
  'claude',
]

function thinksAtHome(turn: number): readonly ModelEvent[] {
  return [
    { type: 'start', id: 'x', model: 'home', usage: { inputTokens: 1 } },
    { type: 'block-start', index: 0, block: { type: 'thinking', origin: 'local' } },
    { type: 'thinking-delta', index: 0, text: 'thought by home' },
    { type: 'signature', index: 0, signature: 'duologue.1.c2ln' },
    { type: 'block-end', index: 0 },
    { type: 'block-start', index: 1, block: { type: 'tool-call', id: `home call ${turn}`, name: 'look' } },
    { type: 'input-delta', index: 1, json: '{}' },
    { type: 'block-end', index: 1 },
    { type: 'end', stop: { reason: 'tool-use' }, usage: { inputTokens: 1, outputTokens: 1 } },
  ]
}

function faultsAtHome({ messages }: ModelRequest): readonly string[] {
  const blocks = messages.flatMap(({ content }) => content)
  const calls = blocks.flatMap(block => (block.type === 'tool-call' ? [block.id] : []))
  const results = blocks.flatMap(block => (block.type === 'tool-result' ? [block.callId] : []))
  return JSON.stringify(calls) === JSON.stringify(results) ? [] : [`calls ${calls.join()}, results ${results.join()}`]
}

async function serve() {
  const faults: string[] = []
  const thoughts: Record<string, Set<string>> = {}
  let turn = 0
  const look = (name: string, sent: string, found: readonly string[]) => {
    const whose = [...sent.matchAll(/thought by (\w+)/g)].map(([, who = '']) => who)
    thoughts[name] = new Set([...(thoughts[name] ?? []), ...whose])
    faults.push(...found.map(fault => `${name} in turn ${turn}: ${fault}`))
    turn += 1
  }
  const upstream = await startUpstream((response, { body }) => {
    const sent = objectIn(JSON.parse(body)) ?? {}
    const name = stringIn(sent['model']) as Name
    look(name, body, makers[name].faults(sent))
    response.setHeader('content-type', 'application/json').end(JSON.stringify(makers[name].answer(turn)))
  })
  const home = scripted({
    steps: request => {
      look('home', '', faultsAtHome(request))
      return thinksAtHome(turn)
    },
  })
  const served = await serveProviders({
    providers: Object.fromEntries(
      Object.entries(makers).map(([name, { kind, protocol }]) => {
        return [`at-${name}`, { kind, url: upstream.origin, ...(protocol && { protocol }) }] as const
      }),
    ),
    rules: Object.keys(makers).map(name => {
      return { name, match: { model: { type: 'exact', text: name } }, targets: [{ provider: `at-${name}` }] }
    }),
    here: { home: { backend: home } },
  })
  const close = async () => {
    await served[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  }
  return { port: served.port, faults, thoughts, [Symbol.asyncDispose]: close }
}

interface Client {
  readonly name: string
  readonly path: string
  readonly rest: JsonObject
  /** Gives what the client keeps of an answer, with the results of its calls. */
  readonly goOn: (reply: JsonObject) => readonly JsonObject[]
}

const schema = { type: 'object', properties: {} }

const clients: readonly Client[] = [
  {
    name: 'Anthropic',
    path: '/v1/messages',
    rest: {
      max_tokens: 2000,
      thinking: { type: 'enabled', budget_tokens: 1024 },
      tools: [{ name: 'look', input_schema: schema }],
    },
    goOn: ({ content = [] }) => {
      const calls = list(content).filter(({ type }) => type === 'tool_use')
      const results = calls.map(({ id = '' }) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' }))
      return [
        { role: 'assistant', content },
        { role: 'user', content: results },
      ]
    },
  },
  {
    name: 'Chat',
    path: '/v1/chat/completions',
    rest: { reasoning_effort: 'high', tools: [{ type: 'function', function: { name: 'look', parameters: schema } }] },
    goOn: ({ choices }) => {
      const message = objectIn(list(choices)[0]?.['message']) ?? {}
      const results = list(message['tool_calls']).map(({ id = '' }) => ({
        role: 'tool',
        tool_call_id: id,
        content: 'seen',
      }))
      return [message, ...results]
    },
  },
]

test.each(clients)(
  'a conversation of eighteen turns with a $name client is in order wherever it goes',
  async client => {
    await using there = await serve()
    const messages: Json[] = [{ role: 'user', content: 'Look around.' }]
    for (const model of order) {
      const reply = await post(there.port, client.path, { ...client.rest, model, messages })
      expect([model, reply.status, reply.status === 200 ? '' : reply.text]).toEqual([model, 200, ''])
      const next = client.goOn(reply.json)
      expect(next.length).toBeGreaterThan(1)
      messages.push(...next)
    }
    expect(there.faults).toEqual([])
    for (const [name, whose] of Object.entries(there.thoughts)) {
      // What a Chat client gives back says not whose it is, and one maker takes all that it is given.
      const others = [...whose].filter(who => who !== name)
      if (client.name !== 'Chat' || name !== 'deepseek') expect([name, others]).toEqual([name, []])
    }
    expect(Object.keys(there.thoughts).sort()).toEqual([...new Set(order)].sort())
  },
)

import type { Json, JsonObject } from '../../src/core/json.ts'
import { arrayIn, isJsonObject, objectIn, stringIn } from '../../src/protocols/json.ts'

/** A strict replica of a maker: it finds fault with what the maker refuses, and thinks aloud before each tool call. */
export interface Maker {
  readonly kind: string
  readonly protocol?: 'openai-responses'
  readonly faults: (body: JsonObject) => readonly string[]
  readonly answer: (turn: number) => JsonObject
}

/** The objects of a list. */
export function list(value: Json | undefined): readonly JsonObject[] {
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

/* Who is to think must have begun the turn that it goes on with by thinking. */
function thinkingFaults(body: JsonObject): readonly string[] {
  if (objectIn(body['thinking'])?.['type'] !== 'enabled') return []
  const messages = list(body['messages'])
  const goesOn = list(messages.at(-1)?.['content']).some(({ type }) => type === 'tool_result')
  const begun = list(messages.findLast(({ role }) => role === 'assistant')?.['content'])[0]?.['type']
  return goesOn && begun !== 'thinking' && begun !== 'redacted_thinking'
    ? [`thinking wanted, ${word(begun)} found`]
    : []
}

export const claude: Maker = {
  kind: 'anthropic',
  faults: body => {
    const faults: string[] = []
    const messages = list(body['messages'])
    if (messages[0]?.['role'] !== 'user') faults.push("the first turn is not the user's")
    faults.push(...thinkingFaults(body))
    for (const [at, { content, role }] of messages.entries()) {
      const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content)
      if (role !== 'user' && role !== 'assistant') faults.push(`the role ${word(role)}`)
      faults.push(...blocks.filter(({ type, text }) => type === 'text' && text === '').map(() => 'an empty text'))
      const last = blocks.findLastIndex(({ type }) => type === 'tool_result')
      if (blocks.slice(0, Math.max(last, 0)).some(({ type }) => type !== 'tool_result'))
        faults.push('a result after other things')
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

function isFollowed(item: JsonObject | undefined): boolean {
  const { type, role } = item ?? {}
  return type === 'function_call' || type === 'reasoning' || (type === 'message' && role === 'assistant')
}

export const gpt: Maker = {
  kind: 'openai',
  protocol: 'openai-responses',
  faults: body => {
    const items = list(body['input'])
    const calls = items.filter(({ type }) => type === 'function_call').map(({ call_id }) => word(call_id))
    const results = items.filter(({ type }) => type === 'function_call_output').map(({ call_id }) => word(call_id))
    const orphans = items.filter(({ type }, at) => type === 'reasoning' && !isFollowed(items[at + 1]))
    const sealed = items.filter(({ type }) => type === 'reasoning').map(item => word(item['encrypted_content']))
    return [
      ...unmatched(calls, results),
      ...orphans.map(() => 'reasoning that nothing follows'),
      ...sealed.filter(content => !content.startsWith('gpt-')),
    ]
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
  const unanswered = messages.filter((message, at) => 'tool_calls' in message && messages[at + 1]?.['role'] !== 'tool')
  return [
    ...unmatched(calls, results),
    ...calls.filter(id => id.length > 40),
    ...unanswered.map(() => 'calls that are not answered at once'),
  ]
}

function chatAnswer(maker: string, id: string, thoughts: JsonObject): JsonObject {
  const tool_calls = [{ id, type: 'function', function: { name: 'look', arguments: '{}' } }]
  const message = { role: 'assistant', content: null, tool_calls, ...thoughts }
  return { id: 'c', model: maker, choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage }
}

export const deepseek: Maker = {
  kind: 'deepseek',
  faults: body => {
    const silent = list(body['messages']).filter(
      message => message['tool_calls'] !== undefined && typeof message['reasoning_content'] !== 'string',
    )
    return [...chatFaults(body), ...silent.map(() => 'a call without reasoning_content')]
  },
  answer: turn => chatAnswer('deepseek', `functions.look:${turn}`, { reasoning_content: 'thought by deepseek' }),
}

export const mistral: Maker = {
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

/** OpenAI over Chat: it hides its thoughts, and takes no field that it does not know. */
export const chat: Maker = {
  kind: 'openai',
  faults: body => [
    ...chatFaults(body),
    ...list(body['messages'])
      .filter(message => 'reasoning_content' in message)
      .map(() => 'reasoning_content'),
  ],
  answer: turn => chatAnswer('chat', `call_chat_${turn}`, {}),
}

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ContentBlock } from '../../core/content.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import type { Compat } from '../protocol.ts'
import { shortCallId } from './call-ids.ts'
import { encodeRequest } from './encode-request.ts'

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'Hello' }] }
const call: ContentBlock = { type: 'tool-call', id: 'toolu_01AbC', name: 'f', input: '{}' }
const called: Message = { role: 'assistant', content: [call] }
const results: Message = {
  role: 'user',
  content: [{ type: 'tool-result', callId: 'toolu_01AbC', content: [{ type: 'text', text: 'ok' }] }],
}

function encode(fields: Partial<ModelRequest>, compat: Compat, isStreaming = false) {
  const request: ModelRequest = { model: 'm', system: [], messages: [hello], ...fields }
  const { body, losses } = encodeRequest({ request, isStreaming }, compat)
  const { model: _, messages, ...rest } = body
  return { messages, rest, losses: losses.map(({ field, action }) => `${field} ${action}`) }
}

describe('the fields of the body', () => {
  test('the limit has the name that the upstream knows', () => {
    expect(encode({ maxTokens: 9 }, { maxTokensField: 'max_tokens' }).rest).toEqual({ max_tokens: 9 })
  })

  test('the seed has the name that the upstream knows', () => {
    expect(encode({ sampling: { seed: 3 } }, { seedField: 'random_seed' }).rest).toEqual({ random_seed: 3 })
  })

  test('sampling that OpenAI has no words for is sent to those that have', () => {
    const sampling = { topK: 40, minP: 0.05 }
    expect(encode({ sampling }, { extraSampling: ['topK', 'minP'] })).toMatchObject({
      rest: { top_k: 40, min_p: 0.05 },
      losses: [],
    })
    expect(encode({ sampling }, { extraSampling: ['topK'] }).losses).toEqual(['sampling.minP dropped'])
  })

  test('a field that is refused is left out, and told where the client asked for it', () => {
    const compat: Compat = { omittedFields: ['stream_options', 'parallel_tool_calls', 'user'] }
    expect(encode({ userId: 'u' }, compat, true)).toEqual({
      messages: [{ role: 'user', content: 'Hello' }],
      rest: { stream: true },
      losses: ['userId dropped'],
    })
  })

  test('keys that OpenAI would find too long are shortened', () => {
    const long = 'k'.repeat(65)
    const { rest, losses } = encode({ userId: long, cacheKey: long }, {})
    expect(rest).toEqual({ user: 'k'.repeat(64), prompt_cache_key: 'k'.repeat(64) })
    expect(losses).toEqual(['userId degraded', 'cacheKey degraded'])
  })

  test('a schema is told in words where it cannot be enforced', () => {
    const responseFormat = { type: 'json-schema', schema: { type: 'object' } } as const
    const system = [{ type: 'text', text: 'Be brief.' }] as const
    expect(encode({ responseFormat, system }, { jsonSchema: 'prompted' })).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: expect.stringContaining('{"type":"object"}') },
        { role: 'user', content: 'Hello' },
      ],
      rest: { response_format: { type: 'json_object' } },
      losses: ['responseFormat emulated'],
    })
  })

  test('one tool is chosen by offering no other', () => {
    const tools = ['f', 'g'].map(name => ({ name, inputSchema: {} }))
    const { rest, losses } = encode({ tools, toolChoice: { type: 'tool', name: 'g' } }, { toolChoice: 'words' })
    expect(rest).toMatchObject({ tools: [{ function: { name: 'g' } }], tool_choice: 'required' })
    expect(losses).toEqual(['toolChoice emulated'])
    expect(encode({ tools, toolChoice: { type: 'any' } }, { toolChoice: 'words' }).rest['tools']).toHaveLength(2)
  })
})

describe('how to reason', () => {
  const budget = { thinking: { mode: 'enabled', budgetTokens: 4096 } } as const
  const off = { thinking: { mode: 'disabled' } } as const

  test.each<
    [
      control: NonNullable<Compat['thinkingControl']>,
      asked: Partial<ModelRequest>,
      rest: object,
      losses: readonly string[],
    ]
  >([
    ['effort', { effort: 'none' }, { reasoning_effort: 'none' }, []],
    ['reasoning-object', budget, { reasoning: { max_tokens: 4096 } }, []],
    ['reasoning-object', { effort: 'high' }, { reasoning: { effort: 'high' } }, []],
    ['reasoning-object', { thinking: { mode: 'adaptive' } }, { reasoning: { enabled: true } }, []],
    [
      'reasoning-object',
      { thinking: { mode: 'adaptive', display: 'omitted' } },
      { reasoning: { enabled: true, exclude: true } },
      [],
    ],
    ['reasoning-object', off, { reasoning: { enabled: false } }, []],
    ['thinking-type', budget, { thinking: { type: 'enabled' } }, ['thinking.budgetTokens degraded']],
    ['thinking-type', { effort: 'none' }, { thinking: { type: 'disabled' } }, []],
    ['template-switch', { effort: 'low' }, { chat_template_kwargs: { enable_thinking: true } }, ['effort degraded']],
    ['template-switch', off, { chat_template_kwargs: { enable_thinking: false } }, []],
    ['none', { ...off, effort: 'low' }, {}, ['thinking dropped', 'effort dropped']],
    ['none', {}, {}, []],
  ])('is said as %s: %j', (thinkingControl, asked, ...[rest, losses]) => {
    const encoded = encode(asked, { thinkingControl })
    expect(encoded.rest).toEqual(rest)
    expect(encoded.losses).toEqual(losses)
  })

  test.each<[field: NonNullable<Compat['reasoningField']>, sent: object, losses: readonly string[]]>([
    ['reasoning', { reasoning: 'Hm.' }, []],
    ['reasoning_content', { reasoning_content: 'Hm.' }, []],
    ['none', {}, ['messages.0.content.0 dropped']],
  ])('earlier reasoning goes back as %s', (reasoningField, sent, losses) => {
    const content: readonly ContentBlock[] = [
      { type: 'thinking', text: 'Hm.' },
      { type: 'text', text: 'So.' },
    ]
    const encoded = encode({ messages: [{ role: 'assistant', content }, hello] }, { reasoningField })
    expect(encoded.messages).toEqual([
      { role: 'assistant', content: 'So.', ...sent },
      { role: 'user', content: 'Hello' },
    ])
    expect(encoded.losses).toEqual(losses)
  })

  test('a turn that called tools has reasoning where there must be some', () => {
    const { messages } = encode({ messages: [called, results] }, { requiresReasoning: true })
    expect(messages).toMatchObject([{ reasoning_content: '' }, { role: 'tool' }])
  })
})

describe('the form of messages', () => {
  test('a developer is a system where only that is known', () => {
    const extras = { 'openai-chat': { role: 'developer' } }
    const system = [{ type: 'text', text: 'A', extras }] as const
    const { messages } = encode({ system }, { developerRole: 'system' })
    expect(messages).toMatchObject([{ role: 'system' }, { role: 'user' }])
  })

  test('text is a string where parts are not taken, but for those with more than text', () => {
    const two: Message = { role: 'user', content: ['a', 'b'].map(text => ({ type: 'text', text })) }
    const image: ContentBlock = { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }
    const seen: Message = { role: 'user', content: [...two.content, image] }
    const { messages } = encode({ messages: [two, seen] }, { textContent: 'string' })
    expect(messages).toMatchObject([{ content: 'a\n\nb' }, { content: [{}, {}, { type: 'image_url' }] }])
  })

  test('marks of the cache are sent where they are understood, also in the system prompt', () => {
    const marked = { type: 'text', text: 'A', cache: { ttl: '1h' } } as const
    const { messages, losses } = encode(
      { system: [marked], messages: [{ role: 'user', content: [{ ...marked, cache: {} }] }] },
      { cacheMarks: 'cache_control' },
    )
    expect(messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'A', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      { role: 'user', content: [{ type: 'text', text: 'A', cache_control: { type: 'ephemeral' } }] },
    ])
    expect(losses).toEqual([])
  })

  test('a word of the assistant stands between results and what the user says', () => {
    const { messages, losses } = encode({ messages: [called, results, hello] }, { afterToolResults: 'assistant' })
    expect(messages).toMatchObject([{}, { role: 'tool' }, { role: 'assistant' }, { role: 'user' }])
    expect(losses).toEqual(['messages emulated'])
    expect(encode({ messages: [called, results] }, { afterToolResults: 'assistant' }).losses).toEqual([])
  })

  test.each<[prefill: NonNullable<Compat['prefill']>, last: object, rest: object]>([
    ['prefix', { role: 'assistant', content: 'So', prefix: true }, {}],
    [
      'continue-final-message',
      { role: 'assistant', content: 'So' },
      { continue_final_message: true, add_generation_prompt: false },
    ],
  ])('a last turn of the assistant is gone on from by %s', (prefill, last, rest) => {
    const begun: Message = { role: 'assistant', content: [{ type: 'text', text: 'So' }] }
    const encoded = encode({ messages: [hello, begun] }, { prefill })
    expect(encoded).toEqual({ messages: [{ role: 'user', content: 'Hello' }, last], rest, losses: [] })
    expect(encode({}, { prefill }).rest).toEqual({})
  })

  test('ids of calls are nine letters and digits, the same for a call and its result', () => {
    const { messages } = encode({ messages: [called, results] }, { callIds: 'nine-alphanumerics' })
    const id = shortCallId('toolu_01AbC')
    expect(messages).toMatchObject([{ tool_calls: [{ id }] }, { tool_call_id: id }])
  })

  test('short ids keep their form, and tell the same calls apart', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 50 }), ids => {
        const short = ids.map(shortCallId)
        for (const id of short) expect(id).toMatch(/^[A-Za-z0-9]{9}$/)
        expect(new Set(short).size).toBe(ids.length)
        expect(short.map(shortCallId)).toEqual(short)
      }),
    )
  })
})

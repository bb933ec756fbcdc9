import { describe, expect, test } from 'vitest'
import type { ContentBlock } from '../core/content.ts'
import type { Message } from '../core/request.ts'
import { isReady, prepare } from './prepare.ts'
import type { Target } from './target.ts'
import { seal } from './thinking-origin.ts'

const claude: Target = {
  protocol: 'anthropic-messages',
  origin: 'anthropic-messages',
  takesUnmarked: true,
  takesReasoning: true,
  thinksFirst: true,
}
const deepseek: Target = {
  protocol: 'openai-chat',
  origin: 'deepseek/r',
  takesUnmarked: false,
  takesReasoning: true,
  thinksFirst: false,
}

function ready(messages: readonly Message[], target: Target) {
  const asked = { model: 'm', system: [], messages }
  const { request, losses } = prepare(asked, target)
  return { messages: request.messages, losses, isReady: isReady(asked, target) }
}

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'Hello' }] }
const said: ContentBlock = { type: 'text', text: 'Yes' }

function thinks(signature?: string, origin?: string): Message {
  const block = { type: 'thinking', text: 'Hm', ...(signature && { signature }), ...(origin && { origin }) } as const
  return { role: 'assistant', content: [block, said] }
}

describe('reasoning', () => {
  test.each([
    ['a cloud’s own signature', claude, 'EqoBCk'],
    ['nobody’s signature', deepseek, undefined],
  ])('with %s stays as it is', (_, target, signature) => {
    const conversation = [hello, thinks(signature)]
    expect(ready(conversation, target)).toEqual({ messages: conversation, losses: [], isReady: true })
  })

  test.each([
    ['the embedded engine', claude, thinks('duologue.1.abc')],
    ['another provider', claude, thinks(seal({ origin: 'deepseek/r' }))],
    ['another model of the provider', deepseek, thinks(seal({ origin: 'deepseek/chat' }))],
    ['a Responses model', claude, thinks('duologue.openai-responses.rs_1:gAAA')],
    ['Anthropic', deepseek, thinks('EqoBCk')],
    ['somebody whom the client names', claude, thinks('x', 'elsewhere')],
  ])('of %s is left out and told as a loss', (_, target, message) => {
    const { messages, losses, isReady } = ready([hello, message], target)
    expect(messages).toEqual([hello, { role: 'assistant', content: [said] }])
    expect(losses).toMatchObject([{ field: 'messages.1.content.0', action: 'dropped' }])
    expect(isReady).toBe(false)
  })

  test('that the target made comes back to it with the signature that it gave', () => {
    const { messages } = ready([thinks(seal({ origin: 'deepseek/r', signature: 'own' }))], deepseek)
    expect(messages).toEqual([thinks('own')])
  })

  test('that cannot be read is Anthropic’s, and goes nowhere else', () => {
    const hidden: Message = { role: 'assistant', content: [{ type: 'redacted-thinking', data: 'Em' }, said] }
    expect(ready([hidden], claude).messages).toEqual([hidden])
    expect(ready([hidden], deepseek).messages).toEqual([{ role: 'assistant', content: [said] }])
  })

  test('alone leaves no empty turn behind', () => {
    const alone: Message = { role: 'assistant', content: [{ type: 'thinking', text: 'Hm', signature: 'duologue.1.a' }] }
    expect(ready([hello, alone, hello], claude).messages).toEqual([hello, hello])
  })
})

function calls(...ids: readonly string[]): Message {
  return { role: 'assistant', content: ids.map(id => ({ type: 'tool-call', id, name: 'f', input: '{}' })) }
}

function results(...ids: readonly string[]): Message {
  const content = ids.map(callId => ({ type: 'tool-result', callId, content: [said] }) as const)
  return { role: 'user', content: content as readonly ContentBlock[] }
}

describe('tool calls', () => {
  test('that have their results stay as they are, in one turn or in several', () => {
    for (const conversation of [
      [hello, calls('a', 'b'), results('a', 'b'), hello],
      [hello, calls('a'), calls('b'), results('b'), results('a')],
    ]) {
      expect(ready(conversation, claude)).toEqual({ messages: conversation, losses: [], isReady: true })
    }
  })

  test('without a result are given one that says so', () => {
    const { messages, losses } = ready([calls('a', 'b'), results('b'), calls('c')], claude)
    expect(
      messages.map(({ content }) => content.map(block => ('callId' in block ? block.callId : block.type))),
    ).toEqual([['tool-call', 'tool-call'], ['a', 'b'], ['tool-call'], ['c']])
    expect(messages[1]?.content[0]).toMatchObject({ isError: true })
    expect(losses).toMatchObject([{ action: 'emulated' }, { action: 'emulated' }])
  })

  test('that are gone, or have a result already, leave their results as text', () => {
    const { messages, losses } = ready([hello, results('lost'), calls('a'), results('a', 'a')], claude)
    expect(messages[1]?.content.map(({ type }) => type)).toEqual(['text', 'text'])
    expect(messages[3]?.content.map(({ type }) => type)).toEqual(['tool-result', 'text', 'text'])
    expect(losses.map(({ field }) => field)).toEqual(['messages.1.content.0', 'messages.3.content.1'])
  })

  test('keep their ids where the target takes them, and otherwise have others that stay the same', () => {
    const id = 'functions.f:0'
    const kept = [calls('toolu_1'), results('toolu_1')]
    expect(ready(kept, claude).messages).toEqual(kept)
    const renamed = ready([calls(id), results(id)], claude).messages
    const [call, result] = renamed.flatMap(({ content }) => content)
    expect(call).toMatchObject({ id: expect.stringMatching(/^call_[\w-]{24}$/) })
    expect(result).toMatchObject({ callId: call?.type === 'tool-call' ? call.id : '' })
    expect(ready([calls(id), results(id)], claude).messages).toEqual(renamed)
    expect(ready([calls(id), results(id)], deepseek).messages).toEqual([calls(id), results(id)])
  })
})

describe('thinking on', () => {
  const call: ContentBlock = { type: 'tool-call', id: 'c', name: 'look', input: '{}' }
  const result: Message = { role: 'user', content: [{ type: 'tool-result', callId: 'c', content: [] }] }
  const thinking = { mode: 'enabled', budgetTokens: 1024 } as const
  const [thought] = thinks('EqoBCk').content

  function asked(before: readonly ContentBlock[], target: Target) {
    const messages: readonly Message[] = [hello, { role: 'assistant', content: [...before, call] }, result]
    const request = { model: 'm', system: [], messages, thinking }
    const { request: prepared, losses } = prepare(request, target)
    return { thinking: prepared.thinking, fields: losses.map(({ field }) => field), isReady: isReady(request, target) }
  }

  test('is not asked for in a turn that began without, where the target refuses that', () => {
    expect(asked([], claude)).toEqual({ thinking: undefined, fields: ['thinking'], isReady: false })
    expect(asked([said], claude).thinking).toBeUndefined()
    expect(asked([], deepseek)).toEqual({ thinking, fields: [], isReady: true })
  })

  test('is asked for where the target thought before, or in a turn that the user begins', () => {
    expect(thought && asked([thought], claude)).toEqual({ thinking, fields: [], isReady: true })
    const messages = [hello, { role: 'assistant', content: [said] } as const, hello]
    expect(prepare({ model: 'm', system: [], messages, thinking }, claude).request.thinking).toBe(thinking)
  })
})

test('what a client keeps of any model’s reasoning is not relayed to one that takes none', () => {
  const openai: Target = { ...deepseek, takesUnmarked: true, takesReasoning: false }
  expect(ready([hello, thinks(), hello], openai).isReady).toBe(false)
  expect(ready([hello, thinks(), hello], deepseek).isReady).toBe(true)
})

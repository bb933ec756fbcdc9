import { expect, test } from 'vitest'
import { collect } from '../core/collect.ts'
import type { Answer } from '../core/collect.ts'
import { toAnswer } from './answer.ts'
import type { GenerationEvent } from './messages.ts'
import { signThinking } from './signature.ts'

type Said = GenerationEvent extends infer E ? (E extends { readonly id: number } ? Omit<E, 'id'> : never) : never

async function* happen(...said: readonly Said[]): AsyncGenerator<GenerationEvent> {
  const report = { promptTokens: 9, reusedTokens: 4, restoredTokens: 0, outcome: 'reused' } as const
  const started: Said = { type: 'started', report }
  const ended: Said = { type: 'ended', reason: 'end-turn', outputTokens: 5, thinkingTokens: 2 }
  for (const event of [...said.filter(({ type }) => type === 'planned'), started]) yield { ...event, id: 1 }
  for (const event of [...said.filter(({ type }) => type !== 'planned'), ended]) yield { ...event, id: 1 }
}

function answer(said: readonly Said[], hidesThinking = false): Promise<Answer> {
  let ids = 0
  const head = { id: 'a', model: 'm', losses: [], hidesThinking, uniqueId: () => `${(ids += 1)}` }
  return collect(toAnswer(happen(...said), head))
}

test('each stretch of reasoning, text and call is a block of its own', async () => {
  const { blocks, usage } = await answer([
    { type: 'thinking', text: 'Hm' },
    { type: 'thinking', text: '.' },
    { type: 'text', text: 'Yes' },
    { type: 'call-start', name: 'look' },
    { type: 'call-arguments', json: '{"at":' },
    { type: 'call-arguments', json: '1}' },
    { type: 'call-end' },
    { type: 'call-start', name: 'look' },
    { type: 'call-end' },
    { type: 'text', text: 'Done' },
  ])
  expect(blocks).toEqual([
    { block: { type: 'thinking', origin: 'local' }, content: 'Hm.', signature: signThinking('Hm.') },
    { block: { type: 'text' }, content: 'Yes' },
    { block: { type: 'tool-call', id: 'toolu_1', name: 'look' }, content: '{"at":1}' },
    { block: { type: 'tool-call', id: 'toolu_2', name: 'look' }, content: '' },
    { block: { type: 'text' }, content: 'Done' },
  ])
  expect(usage).toEqual({ inputTokens: 9, cacheReadTokens: 4, outputTokens: 5, thinkingTokens: 2 })
})

test('hidden reasoning leaves a signed block without words', async () => {
  const { blocks } = await answer(
    [
      { type: 'thinking', text: 'Hm.' },
      { type: 'text', text: 'Yes' },
    ],
    true,
  )
  expect(blocks[0]).toEqual({ block: { type: 'thinking', origin: 'local' }, content: '', signature: signThinking('') })
})

test('what the model could not be held to is told at the start', async () => {
  const losses = [{ field: 'tools', action: 'degraded', why: 'w' }] as const
  expect((await answer([{ type: 'planned', losses }])).losses).toEqual(losses)
})

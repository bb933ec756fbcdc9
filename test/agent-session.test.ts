import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { play, readSession } from '../bench/agent-session-requests.ts'
import type { TurnCost } from '../bench/agent-session-requests.ts'
import { openEngine, temporaryFolder } from './support/engine.ts'
import type { TestEngine } from './support/engine.ts'
import { writeTinyModel } from './support/tiny-model.ts'

const session = await readSession()

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let opened: TestEngine
const costs: TurnCost[] = []

beforeAll(async () => {
  folder = await temporaryFolder()
  const tiny = join(folder.path, 'tiny.gguf')
  await writeTinyModel(tiny, { contextLength: 65_536 })
  const archive = { dataDirectory: folder.path, memoryDirectory: join(folder.path, 'memory'), memoryBytes: 2 ** 28 }
  opened = openEngine({ tiny }, { preferences: { slots: 2, contextTokens: 24_576 }, archive })
  for await (const cost of play(session, opened.engine, 'tiny')) costs.push(cost)
}, 120_000)

afterAll(async () => {
  await opened.engine.close()
  await folder.remove()
})

const evaluated = ({ report }: TurnCost): number => report.promptTokens - report.reusedTokens
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

test('the session is what an agent does: three conversations, a long shared beginning, a repeated turn', () => {
  expect(costs.length).toBeGreaterThanOrEqual(20)
  expect(new Set(costs.map(({ conversation }) => conversation)).size).toBe(3)
  expect(costs[0]?.report.promptTokens).toBeGreaterThan(3000)
  expect(new Set(session.turns.map(({ billing }) => billing)).size).toBe(session.turns.length)
})

test('each turn evaluates its new tokens, and on average at most two in a hundred more', () => {
  // The first turn has nothing to reuse, and would hide what the others cost.
  const [, ...later] = costs
  expect(sum(later.map(evaluated))).toBeLessThanOrEqual(sum(later.map(({ newTokens }) => newTokens)) * 1.02)
})

test('a turn that differs from the last one only in its billing line costs one token', () => {
  const repeated = session.turns.findIndex(
    (turn, index) =>
      index > 0 &&
      turn.messages === session.turns[index - 1]?.messages &&
      turn.conversation === session.turns[index - 1]?.conversation,
  )
  expect(costs[repeated] && evaluated(costs[repeated])).toBe(1)
})

test('a conversation that was away for many turns is brought back', () => {
  const last = costs.at(-1)
  expect(last?.conversation).toBe('a')
  expect(last?.report.restoredTokens).toBeGreaterThan(3000)
})

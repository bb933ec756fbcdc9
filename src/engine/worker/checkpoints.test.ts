import { expect, test } from 'vitest'
import type { CacheReport } from '../../core/cache-report.ts'
import { stopsOf, thinOut } from './checkpoints.ts'
import type { Checkpoint } from './model-slots.ts'

interface Prompt {
  readonly length: number
  readonly head?: number
  readonly marks?: readonly number[]
  readonly kept?: number
  readonly departsAt?: number
}

function stops({ length, head = 0, marks = [], kept = 0, departsAt }: Prompt): readonly number[] {
  const map = { marks: marks.map(tokens => ({ tokens, keepForMs: 1 })), headTokens: () => head }
  const report: CacheReport = { promptTokens: length, reusedTokens: kept, restoredTokens: 0, outcome: 'differs' }
  const difference = { token: departsAt ?? 0, lostTokens: 0, place: '', before: '', asked: '' }
  const job = { tokens: new Uint32Array(length), map, topLogprobs: undefined }
  return stopsOf(job, { ...report, ...(departsAt !== undefined && { difference }) })
}

test('a prompt stops before its end, after what comes before the messages, and at breakpoints', () => {
  expect(stops({ length: 1000, head: 300, marks: [300, 700, 990] })).toEqual([300, 700, 936])
})

test('a prompt stops where it departs from the one that is most like it', () => {
  expect(stops({ length: 1000, head: 300, departsAt: 500 })).toEqual([300, 500, 936])
  expect(stops({ length: 1000, head: 300, departsAt: 900 })).toEqual([300, 900])
  expect(stops({ length: 1000, head: 300, departsAt: 950 })).toEqual([300, 936])
})

test('no piece between two stops is small', () => {
  expect(stops({ length: 1000, head: 300, marks: [340, 900] })).toEqual([300, 936])
  expect(stops({ length: 1000, head: 300, kept: 250 })).toEqual([936])
  expect(stops({ length: 1000, kept: 900 })).toEqual([])
  expect(stops({ length: 100 })).toEqual([])
})

test('a prompt of which each token is measured does not stop', () => {
  const job = { tokens: new Uint32Array(1000), map: { marks: [], headTokens: () => 0 } }
  const report: CacheReport = { promptTokens: 1000, reusedTokens: 0, restoredTokens: 0, outcome: 'measured' }
  expect(stopsOf({ ...job, echo: { text: '', lead: 0 }, topLogprobs: 1 }, report)).toEqual([])
})

test('of too many checkpoints those give way whose neighbours are close, and never the first or the last', () => {
  const at = (...places: readonly number[]): readonly Checkpoint[] =>
    places.map(tokens => ({ tokens, bytes: 1, restore: async () => true, dispose: () => {} }))
  const left = (...places: readonly number[]) => thinOut(at(...places)).map(({ tokens }) => tokens)
  expect(left(100, 200, 300, 400)).toEqual([100, 200, 300, 400])
  expect(left(100, 900, 1000, 1500, 3000)).toEqual([100, 900, 1500, 3000])
  expect(left(100, 200, 300, 3000, 3001, 3002)).toEqual([100, 300, 3000, 3002])
})

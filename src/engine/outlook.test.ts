import { expect, test } from 'vitest'
import { toOutlook as outlookOf } from './outlook.ts'
import type { ModelStatus } from './resident.ts'
import type { Shortage } from './shortage.ts'
import type { Queue } from './turns.ts'

function toOutlook(all: readonly (ModelStatus & Queue)[], model: string, shortage?: Shortage) {
  return outlookOf({ status: all, shortage: () => shortage }, model)
}

function status(state: ModelStatus['state'], queue: Partial<Queue> = {}): ModelStatus & Queue {
  return { model: 'm', state, progress: 0.5, isPinned: false, requests: 0, answering: 0, waiting: 0, ...queue }
}

test('of a model that is not loaded, or is being unloaded, nothing is said', () => {
  expect(toOutlook([], 'm')).toBeUndefined()
  expect(toOutlook([status('ending')], 'm')).toBeUndefined()
  expect(toOutlook([status('ready')], 'other')).toBeUndefined()
})

test('a model that answers is told with its queue', () => {
  const busy = status('ready', { waiting: 3, estimatedWaitMs: 1200 })
  expect(toOutlook([status('ending'), busy], 'm')).toEqual({ state: 'ready', waiting: 3, estimatedWaitMs: 1200 })
})

test('how fast one reads is told where it is known', () => {
  const reading = { ...status('ready'), promptTokensPerSecond: 800 }
  expect(toOutlook([reading], 'm')).toMatchObject({ promptTokensPerSecond: 800 })
})

test('a model that would have to wait for memory is told with what it lacks, until it has been given some', () => {
  const lacking = { neededBytes: 200, freeBytes: 100 }
  expect(toOutlook([], 'm', lacking)).toEqual({ state: 'no-room', memory: lacking })
  expect(toOutlook([status('ending')], 'm', lacking)).toMatchObject({ state: 'no-room' })
  expect(toOutlook([status('waiting', { waiting: 2 })], 'm', lacking)).toMatchObject({ state: 'no-room', waiting: 2 })
  expect(toOutlook([status('loading')], 'm', lacking)).toMatchObject({ state: 'loading' })
  expect(toOutlook([status('ready')], 'm', lacking)).toMatchObject({ state: 'ready' })
})

test.each(['waiting', 'loading'] as const)('how long one that is %s still takes is unknown', state => {
  expect(toOutlook([status(state, { waiting: 1, estimatedWaitMs: 0 })], 'm')).toEqual({ state: 'loading', waiting: 1 })
})

import { expect, test } from 'vitest'
import { toOutlook } from './outlook.ts'
import type { ModelStatus } from './resident.ts'
import type { Queue } from './turns.ts'

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

test.each(['waiting', 'loading'] as const)('how long one that is %s still takes is unknown', state => {
  expect(toOutlook([status(state, { waiting: 1, estimatedWaitMs: 0 })], 'm')).toEqual({ state: 'loading', waiting: 1 })
})

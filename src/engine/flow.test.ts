import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFlow } from './flow.ts'

test('a source is paused while much of what it gave waits, and goes on when half of it is left', () => {
  const told: string[] = []
  const flow = createFlow({ mostBytes: 10, pause: () => told.push('pause'), resume: () => told.push('resume') })
  flow.added(10)
  expect(told).toEqual([])
  flow.added(1)
  expect([told, flow.isPaused]).toEqual([['pause'], true])
  flow.taken(5)
  expect(told).toEqual(['pause'])
  flow.taken(1)
  expect([told, flow.isPaused]).toEqual([['pause', 'resume'], false])
})

test('whatever comes and goes, it is paused and resumed in turn, and runs when all is taken', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), sizes => {
      const told: string[] = []
      const flow = createFlow({ mostBytes: 30, pause: () => told.push('pause'), resume: () => told.push('resume') })
      for (const size of sizes) flow.added(size)
      for (const size of sizes) flow.taken(size)
      expect(flow.isPaused).toBe(false)
      expect(told).toEqual(told.map((_, index) => (index % 2 === 0 ? 'pause' : 'resume')))
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Priority } from '../../core/request.ts'
import { createJobQueue } from './job-queue.ts'
import type { Waiting } from './job-queue.ts'

interface Arrival {
  readonly priority: Priority
  readonly sender: string
  readonly afterMs: number
}

const priorities = ['low', 'normal', 'high'] as const
const senders = ['one', 'two', 'three']
const arrivals = fc.array(
  fc.record({ priority: fc.constantFrom(...priorities), sender: fc.constantFrom(...senders), afterMs: fc.nat(5000) }),
  { maxLength: 40 },
)

interface Job extends Waiting {
  readonly arrivedMs: number
}

/** The jobs in the order in which they are served, where all arrived before the first was. */
function order(all: readonly Arrival[]): readonly Job[] {
  let time = 0
  const queue = createJobQueue<Job>(() => time)
  for (const [id, { priority, sender, afterMs }] of all.entries()) {
    time += afterMs
    queue.push({ id, priority, sender, arrivedMs: time })
  }
  const served: Job[] = []
  for (let job = queue.first; job; job = queue.first) {
    served.push(job)
    queue.remove(job.id)
  }
  return served
}

const pairs = <T>(items: readonly T[]): readonly (readonly [T, T])[] =>
  items.flatMap((first, index) => items.slice(index + 1).map(second => [first, second] as const))

test('nobody waits for a request that came more than 30 seconds later', () => {
  fc.assert(
    fc.property(arrivals, all => {
      const served = order(all)
      expect(served).toHaveLength(all.length)
      for (const [first, second] of pairs(served))
        expect(first.arrivedMs - second.arrivedMs).toBeLessThanOrEqual(30_000)
    }),
  )
})

test('a client’s requests of one priority keep their order', () => {
  fc.assert(
    fc.property(arrivals, all => {
      const served = order(all)
      for (const [priority, sender] of priorities.flatMap(each => senders.map(sender => [each, sender] as const))) {
        const ids = served.filter(job => job.priority === priority && job.sender === sender).map(({ id }) => id)
        expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      }
    }),
  )
})

test('of those that come at once, the higher goes first', () => {
  const together = priorities.map(priority => ({ priority, sender: priority, afterMs: 0 }))
  expect(order(together).map(({ priority }) => priority)).toEqual(['high', 'normal', 'low'])
})

test('a request that left is not served', () => {
  const queue = createJobQueue<Waiting>(() => 0)
  for (const id of [1, 2, 3]) queue.push({ id, priority: 'normal', sender: '' })
  queue.remove(1)
  queue.remove(7)
  expect([queue.first?.id, queue.length]).toEqual([2, 2])
  expect([queue.has(1), queue.has(3)]).toEqual([false, true])
})

test('a client with many requests does not keep another one waiting for all of them', () => {
  const burst = Array.from({ length: 10 }, () => ({ priority: 'normal' as const, sender: 'one', afterMs: 0 }))
  const served = order([...burst, { priority: 'normal', sender: 'two', afterMs: 3000 }])
  expect(served.findIndex(({ sender }) => sender === 'two')).toBe(2)
})

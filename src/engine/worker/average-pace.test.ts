import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AveragePace } from './average-pace.ts'
import type { Pace } from './pace.ts'

/** What steps cost, in milliseconds. A small piece costs more for each token than a large one, by a factor. */
interface Machine {
  readonly passMs: number
  readonly answerMs: number
  readonly promptMs: number
  readonly smallFactor: number
}

interface Times {
  readonly writing: number[]
  readonly reading: number[]
}

/** Takes steps as a machine with these costs would, with a prompt that has no end. */
function run({ passMs, answerMs, promptMs, smallFactor }: Machine, pace: Pace, writing: number): Times {
  const times: Times = { writing: [], reading: [] }
  while (times.reading.length < 100) {
    if (pace.isPromptsTurn) {
      const tokens = pace.room(writing, Infinity)
      // Weights are read once for a pass, however many tokens it has.
      const ms = Math.max(passMs, tokens * promptMs * (tokens < 64 ? smallFactor : 1))
      pace.read({ tokens, milliseconds: ms, reading: 1, writing })
      times.reading.push(ms)
    } else {
      const ms = Math.max(passMs, writing * answerMs)
      pace.wrote(writing, ms)
      times.writing.push(ms)
    }
  }
  return times
}

const machines = fc.record({
  passMs: fc.double({ min: 0.5, max: 200, noNaN: true }),
  answerMs: fc.double({ min: 0.1, max: 20, noNaN: true }),
  promptMs: fc.double({ min: 0.01, max: 20, noNaN: true }),
  smallFactor: fc.double({ min: 1, max: 4, noNaN: true }),
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

test('a prompt alone has the whole batch', () => {
  expect(new AveragePace(512, 3).room(0, Infinity)).toBe(512)
})

test('whatever a machine costs, answers keep their part of the time, and so do prompts', () => {
  fc.assert(
    fc.property(
      machines,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 2, max: 20 }),
      (machine, writing, slowdown) => {
        const pace = new AveragePace(512, slowdown)
        run(machine, pace, writing)
        const times = run(machine, pace, writing)
        const [written, read] = [sum(times.writing), sum(times.reading)]
        const longestRead = Math.max(...times.reading)
        // Sums of small numbers are off by a little.
        expect(written * (slowdown - 1)).toBeGreaterThanOrEqual((read - longestRead) * 0.999)
        expect(times.reading).toHaveLength(100)
      },
    ),
  )
})

test('where small pieces cost no more than large ones, every gap stays under what is allowed', () => {
  const [passMs, answerMs] = [100, 10]
  const pace = new AveragePace(512, 3)
  pace.read({ tokens: 512, milliseconds: 512 * 20, reading: 1, writing: 0 })
  pace.wrote(1, passMs)
  const { reading } = run({ passMs, answerMs, promptMs: 20, smallFactor: 1 }, pace, 1)
  const gaps = reading.map(ms => ms + passMs)
  expect(Math.max(...gaps)).toBeLessThan(3 * passMs)
})

test('where small pieces cost far more, prompts are read in large ones', () => {
  const pace = new AveragePace(512, 3)
  const { reading } = run({ passMs: 5, answerMs: 2, promptMs: 2, smallFactor: 5 }, pace, 1)
  const large = reading.filter(ms => ms >= 64 * 2)
  expect(large.length).toBeGreaterThan(reading.length * 0.8)
})

test('where all pieces cost more the deeper they are read, prompts are read in small ones', () => {
  const pace = new AveragePace(512, 3)
  pace.read({ tokens: 512, milliseconds: 512, reading: 1, writing: 0 })
  const large: number[] = []
  for (let piece = 0; piece < 850; piece += 1) {
    while (!pace.isPromptsTurn) pace.wrote(1, 20)
    const tokens = pace.room(1, Infinity)
    if (tokens >= 64) large.push(piece)
    // A pass takes as long as an answer's token, and attention ever longer.
    pace.read({ tokens, milliseconds: Math.max(20, tokens) + (tokens * piece) / 250, reading: 1, writing: 1 })
  }
  expect(large.length).toBeLessThan(10)
})

test('a fast prompt gets much room', () => {
  const pace = new AveragePace(512, 3)
  run({ passMs: 10, answerMs: 1, promptMs: 0.01, smallFactor: 1 }, pace, 1)
  expect(pace.room(1, Infinity)).toBe(512)
})

test('many prompts beside one answer get more of the time than one of them would', () => {
  const pace = new AveragePace(512, 3)
  pace.wrote(1, 10)
  pace.read({ tokens: 64, milliseconds: 100, reading: 9, writing: 1 })
  pace.wrote(1, 10)
  pace.wrote(1, 10)
  expect(pace.isPromptsTurn).toBe(true)
})

test('prompts that can be read in half a second are read at once', () => {
  const pace = new AveragePace(512, 3)
  pace.wrote(1, 10)
  pace.read({ tokens: 64, milliseconds: 64, reading: 1, writing: 1 })
  expect(pace.room(1, 500)).toBe(512)
  expect(pace.room(1, 501)).toBeLessThan(512)
})

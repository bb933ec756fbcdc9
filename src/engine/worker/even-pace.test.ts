import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { EvenPace } from './even-pace.ts'

/** What steps cost, in milliseconds: a pass over the weights, each token, and each token's look at a thousand others. */
interface Machine {
  readonly passMs: number
  readonly tokenMs: number
  readonly attentionMs: number
}

/** Reads a prompt beside answers as a machine with these costs would; gives what the pieces took. */
function read({ passMs, tokenMs, attentionMs }: Machine, pace: EvenPace, { writing = 1, from = 0, until = 3000 }) {
  const pieces: { readonly tokens: number; readonly ms: number }[] = []
  pace.begin()
  for (let depth = from; depth < until;) {
    if (pace.isPromptsTurn) {
      const tokens = pace.room(writing)
      const ms = passMs + tokens * (tokenMs + (attentionMs * depth) / 1000)
      pace.read({ tokens, milliseconds: ms, reading: 1, writing })
      pieces.push({ tokens, ms })
      depth += tokens
    } else pace.wrote(writing, passMs + writing * tokenMs)
  }
  return pieces
}

const machines = fc.record({
  passMs: fc.double({ min: 1, max: 200, noNaN: true }),
  tokenMs: fc.double({ min: 0.1, max: 20, noNaN: true }),
  attentionMs: fc.double({ min: 0, max: 1, noNaN: true }),
})

test('no token takes longer than is allowed, or than reading a single one leaves', () => {
  fc.assert(
    fc.property(
      machines,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 3, max: 20 }),
      (machine, writing, slowdown) => {
        const pace = new EvenPace(512, slowdown)
        const usualMs = machine.passMs + writing * machine.tokenMs
        pace.wrote(writing, usualMs)
        const pieces = read(machine, pace, { writing })
        // A second token is tried where one takes hardly longer than the answer's own.
        expect(pieces.filter(({ tokens, ms }) => tokens > 2 && usualMs + ms >= slowdown * usualMs)).toEqual([])
      },
    ),
  )
})

test('pieces are as large as is sure to be allowed', () => {
  const pace = new EvenPace(512, 3)
  pace.wrote(1, 100)
  const pieces = read({ passMs: 90, tokenMs: 10, attentionMs: 0 }, pace, {})
  // 140 milliseconds, with what one more token is guessed to cost.
  expect(pieces.at(-1)?.tokens).toBe(4)
})

test('a fast prompt gets the whole batch', () => {
  const pace = new EvenPace(512, 3)
  pace.wrote(1, 20)
  expect(read({ passMs: 10, tokenMs: 0.001, attentionMs: 0 }, pace, { until: 20_000 }).at(-1)?.tokens).toBe(512)
})

test('the deeper a prompt is read, the smaller its pieces are, down to one token', () => {
  const pace = new EvenPace(512, 3)
  pace.wrote(1, 20)
  const sizes = read({ passMs: 15, tokenMs: 1, attentionMs: 5 }, pace, { until: 6000 }).map(({ tokens }) => tokens)
  expect(Math.max(...sizes)).toBeGreaterThan(3)
  expect(sizes.slice(-100)).toEqual(Array<number>(100).fill(1))
})

test('each prompt begins with one token, for it may lie deep in its context', () => {
  const pace = new EvenPace(512, 3)
  pace.wrote(1, 20)
  read({ passMs: 15, tokenMs: 0.1, attentionMs: 0 }, pace, {})
  expect(pace.room(1)).toBeGreaterThan(16)
  pace.begin()
  expect(pace.room(1)).toBe(1)
})

test('one step that the machine disturbed changes the pieces for as long as it takes to see another', () => {
  const pace = new EvenPace(512, 3)
  const machine = { passMs: 90, tokenMs: 10, attentionMs: 0 }
  pace.wrote(1, 100)
  read(machine, pace, {})
  pace.read({ tokens: 4, milliseconds: 5000, reading: 1, writing: 1 })
  expect(pace.room(1)).toBe(4)
})

test('after each piece of a prompt an answer is written on, and where none is a prompt has the whole batch', () => {
  const pace = new EvenPace(512, 3)
  pace.read({ tokens: 1, milliseconds: 10, reading: 4, writing: 1 })
  expect(pace.isPromptsTurn).toBe(false)
  pace.wrote(1, 10)
  expect(pace.isPromptsTurn).toBe(true)
  expect(pace.room(0)).toBe(512)
})

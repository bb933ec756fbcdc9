import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CircuitBreaker } from './circuit-breaker.ts'

function failing(times: number, now = 0): CircuitBreaker {
  const breaker = new CircuitBreaker()
  for (let count = 0; count < times; count += 1) breaker.fail(now)
  return breaker
}

describe('a target', () => {
  test('rests after five failures in a row, and not after four', () => {
    expect(failing(4).admit(0)).toBe(true)
    const breaker = failing(5)
    expect(breaker.admit(0)).toBe(false)
    expect(breaker.restsForMs(1000)).toBe(4000)
  })

  test('that answers in between does not rest for single failures', () => {
    const breaker = new CircuitBreaker()
    for (let count = 0; count < 50; count += 1) {
      for (const isGood of [true, true, false]) breaker[isGood ? 'succeed' : 'fail'](0)
    }
    expect(breaker.admit(0)).toBe(true)
  })

  test('rests where half of ten requests fail', () => {
    const breaker = new CircuitBreaker()
    for (let count = 0; count < 5; count += 1) {
      expect(breaker.admit(0)).toBe(true)
      breaker.succeed(0)
      breaker.fail(0)
    }
    expect(breaker.admit(0)).toBe(false)
  })

  test('is not judged by what is longer ago than ten seconds', () => {
    const breaker = new CircuitBreaker()
    for (let count = 0; count < 9; count += 1) {
      breaker.fail(0)
      if (count % 2 === 1) breaker.succeed(0)
    }
    breaker.succeed(11_000)
    breaker.fail(11_000)
    expect(breaker.admit(11_000)).toBe(true)
  })

  test('is asked by one probe after its rest, and by all once that is answered', () => {
    const breaker = failing(5)
    expect(breaker.admit(5000)).toBe(true)
    expect(breaker.admit(5000)).toBe(false)
    breaker.succeed(5100)
    expect(breaker.admit(5100)).toBe(true)
    expect(breaker.admit(5100)).toBe(true)
  })

  test('rests twice as long after each failed probe, up to a minute', () => {
    const breaker = failing(5)
    let now = 0
    const rests = []
    for (let count = 0; count < 6; count += 1) {
      now += breaker.restsForMs(now)
      expect(breaker.admit(now)).toBe(true)
      breaker.fail(now)
      rests.push(breaker.restsForMs(now))
    }
    expect(rests).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
  })

  test('may be probed by another where the one that probed left', () => {
    const breaker = failing(5)
    expect(breaker.admit(5000)).toBe(true)
    breaker.leave()
    expect(breaker.admit(5000)).toBe(true)
  })

  test('may be probed again where nobody told how a probe ended', () => {
    const breaker = failing(5)
    expect(breaker.admit(5000)).toBe(true)
    expect(breaker.admit(64_999)).toBe(false)
    expect(breaker.admit(65_000)).toBe(true)
  })

  test('does not rest longer for what was under way when it began to rest', () => {
    const breaker = failing(5)
    for (let count = 0; count < 20; count += 1) breaker.fail(100)
    expect(breaker.restsForMs(100)).toBe(4900)
  })

  test('gets the time that it asks for, after the first failure, and no more than five minutes', () => {
    const breaker = new CircuitBreaker()
    breaker.fail(0, 30_000)
    expect(breaker.restsForMs(0)).toBe(30_000)
    expect(breaker.admit(30_000)).toBe(true)
    breaker.fail(30_000, 24 * 60 * 60_000)
    expect(breaker.restsForMs(30_000)).toBe(300_000)
  })
})

test('whatever happens, a target is asked again within six minutes', () => {
  const step = fc.record({
    what: fc.constantFrom('fail', 'succeed', 'leave', 'admit'),
    afterMs: fc.nat(20_000),
    askedMs: fc.nat(900_000),
  })
  const property = fc.property(fc.array(step, { maxLength: 50 }), steps => {
    const breaker = new CircuitBreaker()
    let now = 0
    for (const { what, afterMs, askedMs } of steps) {
      now += afterMs
      if (what === 'fail') breaker.fail(now, askedMs)
      else if (what === 'leave') breaker.leave()
      else if (what === 'succeed') breaker.succeed(now)
      else expect(breaker.admit(now)).toBe(breaker.restsForMs(now) === 0 || !isResting(breaker, now))
    }
    expect(breaker.admit(now + 360_000)).toBe(true)
  })
  fc.assert(property, { numRuns: 500 })
})

/* After an admission that became the probe, others wait. */
function isResting(breaker: CircuitBreaker, now: number): boolean {
  return breaker.restsForMs(now) !== 1000
}

describe('a check', () => {
  test('that finds a target well ends its rest for all', () => {
    const breaker = failing(5)
    breaker.revive(1000)
    expect(breaker.admit(1000)).toBe(true)
    expect(breaker.admit(1000)).toBe(true)
  })

  test('that finds it still down lets it rest on, so that no request is spent on it', () => {
    const breaker = failing(5)
    breaker.keepResting(4000, 10_000)
    expect(breaker.admit(6000)).toBe(false)
    expect(breaker.restsForMs(6000)).toBe(8000)
  })

  test('that goes on to find it down lets a request probe it each minute', () => {
    const breaker = failing(5)
    const probes: number[] = []
    for (let now = 0; now < 200_000; now += 5000) {
      breaker.keepResting(now, 10_000)
      if (!breaker.admit(now)) continue
      probes.push(now)
      breaker.fail(now)
    }
    expect(probes).toEqual([60_000, 120_000, 180_000])
  })

  test('that was wrong is seen by the first failure, and no other is believed until the target has answered', () => {
    const breaker = failing(5)
    breaker.revive(1000)
    breaker.fail(2000)
    expect(breaker.restsForMs(2000)).toBe(10_000)
    expect(breaker.isCheckable(3000)).toBe(false)
    breaker.revive(3000)
    expect(breaker.admit(3000)).toBe(false)
    expect(breaker.admit(12_000)).toBe(true)
    breaker.succeed(12_000)
    for (let count = 0; count < 5; count += 1) breaker.fail(13_000)
    expect(breaker.isCheckable(13_000)).toBe(true)
  })

  test('ends no rest that the target asked for itself', () => {
    const breaker = failing(5)
    breaker.fail(0, 60_000)
    expect(breaker.isCheckable(59_999)).toBe(false)
    breaker.revive(1000)
    expect(breaker.restsForMs(1000)).toBe(59_000)
    expect(breaker.isCheckable(60_000)).toBe(true)
  })

  test('is for a target that rests, and changes nothing for others', () => {
    const breaker = failing(4)
    expect(breaker.isCheckable(0)).toBe(false)
    breaker.keepResting(0, 10_000)
    breaker.revive(0)
    expect(breaker.admit(0)).toBe(true)
    breaker.fail(0)
    expect(breaker.admit(0)).toBe(false)
  })
})

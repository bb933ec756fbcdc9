import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { passingClock } from '../../test/support/passing-clock.ts'
import { ModelError } from '../core/errors.ts'
import { createTargetHealth } from '../routing/target-health.ts'
import { checkHealth } from './health-checks.ts'

const down = new ModelError('unavailable', 'down')

/** Checks over a clock that stands, with providers that are down until a test says otherwise. */
function checking(everyMs: (provider: string) => number | undefined = () => 4000) {
  const clock = passingClock()
  const health = createTargetHealth(clock.now)
  const asked: string[] = []
  const well = new Set<string>()
  const checks = checkHealth({
    clock,
    random: () => 0.5,
    health,
    everyMs: async provider => everyMs(provider),
    isWell: async provider => {
      asked.push(`${provider} at ${clock.now()}`)
      return well.has(provider)
    },
  })
  onTestFinished(() => checks.close())
  const fail = (...targets: readonly string[]) => {
    for (const target of targets) for (let count = 0; count < 5; count += 1) health.note(target, down)
  }
  const pass = async (milliseconds: number) => {
    await turn()
    clock.pass(milliseconds)
    await turn()
  }
  return { clock, health, asked, well, checks, fail, pass }
}

test('while nothing rests nobody is asked', async () => {
  const { health, clock, asked, pass } = checking()
  health.note('a/m', down)
  await pass(60_000)
  expect([asked, clock.waiting]).toEqual([[], 0])
})

test('a provider is asked before the first rest is over, once for all its targets, until it is well', async () => {
  const { health, clock, asked, well, fail, pass } = checking()
  fail('a/m', 'a/n', 'b/m')
  await pass(3000)
  expect(asked).toEqual(['a at 3000', 'b at 3000'])
  // Nobody is let through to find out what is known.
  await pass(2500)
  expect(health.admit('a/m').isAdmitted).toBe(false)
  well.add('a')
  await pass(500)
  expect(asked.slice(2)).toEqual(['a at 6000', 'b at 6000'])
  expect([health.restsForMs('a/m'), health.restsForMs('a/n')]).toEqual([0, 0])
  expect(health.restsForMs('b/m')).toBeGreaterThan(0)
  well.add('b')
  await pass(3000)
  expect(health.checkable()).toEqual([])
  expect(clock.waiting).toBe(0)
})

test('a provider that must not be asked is not, also where that changes while a check is waited for', async () => {
  let everyMs: number | undefined
  const { asked, fail, pass } = checking(() => everyMs)
  fail('a/m')
  await pass(60_000)
  everyMs = 4000
  fail('a/m')
  await turn()
  everyMs = undefined
  await pass(60_000)
  expect(asked).toEqual([])
})

test('a check that goes wrong ends the checks until the next failure', async () => {
  let isBroken = true
  const { asked, fail, pass } = checking(() => {
    if (isBroken) throw new Error('the rules cannot be read')
    return 4000
  })
  fail('a/m')
  await pass(4000)
  isBroken = false
  fail('a/m')
  await pass(4000)
  expect(asked).toHaveLength(1)
})

test('nothing is asked after the end', async () => {
  const { clock, checks, asked, fail, pass } = checking()
  fail('a/m')
  await turn()
  checks.close()
  fail('b/m')
  await pass(60_000)
  expect([asked, clock.waiting]).toEqual([[], 0])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hastyClock, passingClock } from '../../test/support/passing-clock.ts'
import { planned, planOf } from '../../test/support/planned.ts'
import { readAll } from '../../test/support/read-all.ts'
import { cloud } from '../../test/support/routing-view.ts'
import { begins, ends, gate, says, scripted, text, type Step } from '../../test/support/scripted-backend.ts'
import type { Backend } from '../core/backend.ts'
import { ModelError, type ErrorKind, type ModelErrorOptions } from '../core/errors.ts'
import type { ModelEvent } from '../core/events.ts'
import { askFor } from './ask.ts'
import type { Clock } from './clock.ts'
import { eventsOf } from './events-of.ts'
import { createRetryBudget } from './retry-budget.ts'
import type { PlannedTarget, RoutePlan } from './route-plan.ts'
import { runPlan, type RunRules } from './run-plan.ts'
import type { Attempt } from './sum-up.ts'
import { createTargetHealth } from './target-health.ts'

const request = { model: 'asked', system: [], messages: [] }

function fails(kind: ErrorKind = 'unavailable', options: ModelErrorOptions = {}): Step {
  return { fail: new ModelError(kind, `it is ${kind}`, options) }
}

/** A server with its memory of targets, of which several questions can be asked. */
function serverWith(clock: Clock = hastyClock()) {
  const { now } = clock
  const means = { clock, random: () => 0.5, health: createTargetHealth(now), budget: createRetryBudget({ now }) }
  const attempts: Attempt[] = []
  const ask = async (plan: RoutePlan, changes: Partial<RunRules> = {}): Promise<readonly ModelEvent[]> =>
    readAll(
      eventsOf(
        await runPlan(plan, askFor(request), {
          signal: new AbortController().signal,
          isVisible: ({ type }) => type === 'text-delta',
          headersAfterMs: Infinity,
          means,
          onAttempt: attempt => attempts.push(attempt),
          ...changes,
        }),
      ),
    )
  const story = () =>
    attempts.map(({ target, failure, next, isSkipped }) =>
      [target.provider, isSkipped ? 'skipped' : '', failure?.kind ?? 'answers', next ?? ''].filter(Boolean).join(' '),
    )
  return { ask, means, attempts, story }
}

/** A backend that plays one script after the other, the last one again and again. */
function playing(name: string, ...scripts: readonly (readonly Step[])[]) {
  let played = 0
  return scripted({ name, steps: () => scripts[Math.min((played += 1), scripts.length) - 1] ?? [] })
}

describe('a target that was taken away after the request was planned', () => {
  const gone = fails('unavailable', { isOutdated: true })
  const old = () => planOf(planned(playing('a', [gone]), { retries: 2 }), planned(playing('b', says('b'))))

  test('has it planned again, and says nothing of another one of its name', async () => {
    const { ask, story, means } = serverWith()
    const replan = async () => planOf(planned(playing('a', says('new'))))
    for (let count = 0; count < 6; count += 1) expect(await ask(old(), { replan })).toEqual(says('new'))
    expect(story().slice(0, 2)).toEqual(['a unavailable anew', 'a answers'])
    expect(means.health.restsForMs('a/m')).toBe(0)
  })

  test('has it planned again once, and is left for the next one then', async () => {
    const { ask, story } = serverWith()
    expect(await ask(old(), { replan: async () => old() })).toEqual(says('b'))
    expect(story()).toEqual(['a unavailable anew', 'a unavailable elsewhere', 'b answers'])
  })

  test('leads nowhere that the present rules forbid', async () => {
    const { ask } = serverWith()
    const forbidden = new ModelError('forbidden', 'it must stay')
    await expect(ask(old(), { replan: () => Promise.reject(forbidden) })).rejects.toBe(forbidden)
    const kept = async (): Promise<RoutePlan> => ({
      ...planOf(planned(cloud('away'))),
      localOnly: { by: 'settings' },
    })
    await expect(ask(old(), { replan: kept })).rejects.toMatchObject({ kind: 'forbidden' })
  })
})

describe('a failure that may pass', () => {
  test('is tried again at the same target, after a pause, before the next one', async () => {
    const clock = hastyClock()
    const { ask, story } = serverWith(clock)
    const plan = planOf(
      planned(playing('a', [fails('overloaded')], [...begins(), fails()], says('late')), { retries: 2 }),
      planned(playing('b', says('b'))),
    )
    expect(await ask(plan)).toEqual(says('late'))
    expect(story()).toEqual(['a overloaded again', 'a unavailable again', 'a answers'])
    expect(clock.now()).toBe(187.5 + 375)
  })

  test('ends at the next target where it does not pass', async () => {
    const { ask, story } = serverWith()
    const plan = planOf(planned(playing('a', [fails()]), { retries: 1 }), planned(playing('b', says('b'))))
    expect(await ask(plan)).toEqual(says('b'))
    expect(story()).toEqual(['a unavailable again', 'a unavailable elsewhere', 'b answers'])
  })

  test('is waited for as long as the target asks, and left where that is too long', async () => {
    const clock = hastyClock()
    const { ask, story } = serverWith(clock)
    const plan = planOf(
      planned(playing('a', [fails('rate-limited', { retryAfterMs: 3000 })], says('a')), { retries: 1 }),
      planned(playing('b', says('b'))),
    )
    expect(await ask(plan)).toEqual(says('a'))
    expect(clock.now()).toBeGreaterThan(3000)
    const busy = planOf(
      planned(playing('c', [fails('rate-limited', { retryAfterMs: 6000 })]), { retries: 1 }),
      planned(playing('b', says('b'))),
    )
    expect(await ask(busy)).toEqual(says('b'))
    expect(story()).toEqual(['a rate-limited again', 'a answers', 'c rate-limited elsewhere', 'b answers'])
  })

  test('is tried twice more at most, over all targets', async () => {
    const { ask, story } = serverWith()
    const plan = planOf(...['a', 'b', 'c'].map(name => planned(playing(name, [fails()]), { retries: 5 })))
    await expect(ask(plan)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(story().filter(line => line.endsWith('again'))).toHaveLength(2)
    expect(story()).toHaveLength(5)
  })

  test('is not tried again where the time is over before', async () => {
    const clock = passingClock()
    const { ask, story } = serverWith(clock)
    const asking = ask(planOf(planned(playing('a', [fails()]), { retries: 2 })), { endsAt: 300 })
    await expect.poll(story).toHaveLength(1)
    clock.pass(190)
    await expect(asking).rejects.toThrow('it is unavailable')
    expect(story()).toEqual(['a unavailable again', 'a unavailable tell'])
  })

  test('is not tried again for a client that left during the pause', async () => {
    const clock = passingClock()
    const { ask, story } = serverWith(clock)
    const backend = playing('a', [fails()])
    const controller = new AbortController()
    const asking = ask(planOf(planned(backend, { retries: 2 })), { signal: controller.signal })
    await backend.ended(1)
    await expect.poll(() => clock.waiting).toBe(1)
    controller.abort(new ModelError('aborted', 'gone'))
    await expect(asking).rejects.toMatchObject({ kind: 'aborted', message: 'gone' })
    clock.pass(60_000)
    expect(backend.requests).toHaveLength(1)
    expect(story()).toEqual(['a unavailable again'])
    expect(clock.waiting).toBe(0)
  })
})

describe('the client is told', () => {
  test.each([
    ['unauthorized', 'unavailable', 'a/m refused this server (unauthorized)'],
    ['forbidden', 'unavailable', 'a/m refused this server (forbidden)'],
    ['quota-exhausted', 'quota-exhausted', 'it is quota-exhausted'],
    ['invalid-request', 'invalid-request', 'it is invalid-request'],
  ] as const)('of a target that fails as %s: %s', async (kind, told, message) => {
    const { ask } = serverWith()
    await expect(ask(planOf(planned(playing('a', [fails(kind)]))))).rejects.toMatchObject({
      kind: told,
      message: expect.stringContaining(message),
    })
  })

  test('what a target said rather than why another was not asked', async () => {
    const { ask, means } = serverWith()
    means.health.note('b/m', new ModelError('rate-limited', 'x', { retryAfterMs: 60_000 }))
    const long = fails('invalid-request', { code: 'context-length-exceeded' })
    await expect(ask(planOf(planned(playing('a', [long])), planned(playing('b'))))).rejects.toMatchObject({
      kind: 'invalid-request',
      code: 'context-length-exceeded',
    })
  })
})

test('a prompt that is too long for one target is read by the next', async () => {
  const { ask, story, means } = serverWith()
  const long = fails('invalid-request', { code: 'context-length-exceeded' })
  expect(await ask(planOf(planned(playing('a', [long])), planned(playing('b', says('b')))))).toEqual(says('b'))
  expect(story()).toEqual(['a invalid-request elsewhere', 'b answers'])
  expect(means.health.restsForMs('a/m')).toBe(0)
})

describe('a target that keeps failing', () => {
  test('is not asked for a while, then by one request, and again once that is answered', async () => {
    const clock = hastyClock()
    const { ask, attempts } = serverWith(clock)
    let isDown = true
    const a = scripted({ name: 'a', steps: () => (isDown ? [fails()] : says('a')) })
    const plan = planOf(planned(a), planned(playing('b', says('b'))))
    for (let count = 0; count < 20; count += 1) expect(await ask(plan)).toEqual(says('b'))
    expect(a.requests).toHaveLength(5)
    expect(attempts.at(-2)).toMatchObject({ isSkipped: true, failure: { kind: 'unavailable' } })
    clock.after(5000, () => undefined)
    isDown = false
    for (let count = 0; count < 20; count += 1) expect(await ask(plan)).toEqual(says('a'))
    expect(a.requests).toHaveLength(25)
  })

  test('and is the only one is told with the time that it rests', async () => {
    const { ask, means } = serverWith()
    means.health.note('a/m', new ModelError('rate-limited', 'x', { retryAfterMs: 60_000 }))
    const a = playing('a', says('a'))
    await expect(ask(planOf(planned(a)))).rejects.toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 60_000,
      message: 'a/m failed of late (rate-limited) and is asked again in 60 s',
    })
    expect(a.requests).toEqual([])
  })

  test('in the middle of its answers is noticed too', async () => {
    const { ask, means } = serverWith()
    const a = playing('a', [...begins(), text('x'), fails()])
    for (let count = 0; count < 5; count += 1)
      await expect(ask(planOf(planned(a)))).rejects.toThrow('it is unavailable')
    expect(means.health.restsForMs('a/m')).toBeGreaterThan(0)
  })

  test('is the embedded engine: it is asked, since it knows best itself', async () => {
    const { ask } = serverWith()
    const engine = playing('engine', [fails()])
    const plan = planOf(planned(engine, { provider: 'local' }))
    for (let count = 0; count < 9; count += 1) await expect(ask(plan)).rejects.toThrow('it is unavailable')
    expect(engine.requests).toHaveLength(9)
  })
})

describe('a target that takes too long', () => {
  test('to its first word is replaced', async () => {
    const clock = passingClock()
    const { ask, story } = serverWith(clock)
    const [start] = begins()
    const slow = playing('slow', [start as Step, { gate: gate().gate }])
    const asking = ask(planOf(planned(slow, { timeouts: { firstTokenMs: 100 } }), planned(playing('b', says('b')))))
    await slow.begun(1)
    clock.pass(100)
    expect(await asking).toEqual(says('b'))
    await slow.ended(1)
    expect(story()).toEqual(['slow timeout elsewhere', 'b answers'])
  })

  test('in the middle is told', async () => {
    const clock = passingClock()
    const { ask } = serverWith(clock)
    const middle = gate()
    function* steps(): Generator<Step> {
      yield* [...begins(), text('a')]
      middle.open()
      yield { gate: gate().gate }
    }
    const slow = scripted({ steps })
    const asking = ask(planOf(planned(slow, { timeouts: { idleMs: 100 } }), planned(playing('b', says('b')))))
    await middle.gate
    clock.pass(100)
    await expect(asking).rejects.toMatchObject({ kind: 'timeout' })
  })

  test('altogether is stopped at the end of the whole search', async () => {
    const clock = passingClock()
    const { ask } = serverWith(clock)
    const slow = playing('slow', [{ gate: gate().gate }])
    const asking = ask(planOf(planned(slow)), { endsAt: 500 })
    await slow.begun(1)
    clock.pass(500)
    await expect(asking).rejects.toMatchObject({ kind: 'timeout' })
    expect(slow.open).toBe(0)
  })
})

describe('a strict request', () => {
  const lossy = (name: string): Backend => ({
    ...playing(name, says(name)),
    losses: ({ model }) => [{ field: 'sampling.topK', action: 'dropped', why: `${model} has no such thing` }],
  })

  test('goes to the first target that can be told all of it', async () => {
    const { ask, story } = serverWith()
    expect(await ask(planOf(planned(lossy('a')), planned(playing('b', says('b')))), { isStrict: true })).toEqual(
      says('b'),
    )
    expect(story()).toEqual(['a skipped invalid-request elsewhere', 'b answers'])
  })

  test('is refused where there is none, before anything is sent', async () => {
    const { ask } = serverWith()
    const backend = { ...lossy('a'), stream: () => expect.unreachable() }
    await expect(ask(planOf(planned(backend)), { isStrict: true })).rejects.toMatchObject({
      kind: 'invalid-request',
      message:
        'the request is strict, and a/m cannot be told all of it: sampling.topK would be dropped: m has no such thing',
    })
    const { ask: askAnother } = serverWith()
    expect(await askAnother(planOf(planned(lossy('a'))))).toEqual(says('a'))
  })

  test('goes on from a target that cannot be sent it at all', async () => {
    const { ask, story } = serverWith()
    const unable: Backend = {
      ...playing('a', says('a')),
      losses: () => {
        throw new ModelError('invalid-request', 'it takes no images', { code: 'unsupported-value' })
      },
    }
    expect(await ask(planOf(planned(unable), planned(playing('b', says('b')))), { isStrict: true })).toEqual(says('b'))
    expect(story()).toEqual(['a skipped invalid-request elsewhere', 'b answers'])
  })

  test('shows nothing of an answer whose losses are learnt as it begins', async () => {
    const { ask } = serverWith()
    const [start, ...rest] = says('a')
    const losses = [{ field: 'responseFormat', action: 'degraded', why: 'too large' }] as const
    const late = playing('late', [{ ...start, losses } as ModelEvent, ...rest])
    const plan = planOf(planned(late), planned(playing('b', says('b'))))
    expect(await ask(plan, { isStrict: true })).toEqual(says('b'))
  })
})

test('a target that is not local is never asked where the plan keeps a request local', async () => {
  const { ask } = serverWith()
  const away = planned(cloud('away', { stream: () => expect.unreachable() }))
  const plan: RoutePlan = { ...planOf(away), localOnly: { by: 'header' } }
  await expect(ask(plan)).rejects.toMatchObject({ kind: 'forbidden' })
})

test('wherever targets fail, the client gets one whole answer or one failure after what it saw', async () => {
  const whole = says('a', 'b', 'c')
  const kinds: readonly ErrorKind[] = [
    'unavailable',
    'rate-limited',
    'overloaded',
    'timeout',
    'unauthorized',
    'invalid-request',
  ]
  const fault = fc.record({ at: fc.nat(whole.length), kind: fc.constantFrom(...kinds), retries: fc.nat(2) })
  const property = fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 4 }), async faults => {
    const { ask, attempts } = serverWith()
    const backends = faults.map(({ at, kind }, index) =>
      playing(`t${index}`, [...whole.slice(0, at), ...(at < whole.length ? [fails(kind)] : [])]),
    )
    const targets = backends.map((backend, index) => planned(backend, { retries: faults[index]?.retries ?? 0 }))
    const seen: ModelEvent[] = []
    const visible = ({ type }: ModelEvent) => type === 'text-delta'
    const failure = await ask(planOf(...targets), { isVisible: visible }).then(
      events => void seen.push(...events),
      (error: unknown) => error,
    )
    // Nobody is asked after an answer was final, and each target only in its turn.
    const answered = attempts.filter(attempt => !attempt.failure)
    expect(answered.length).toBeLessThanOrEqual(1)
    expect(attempts.indexOf(answered[0] as Attempt)).toBe(answered.length === 0 ? -1 : attempts.length - 1)
    if (failure === undefined) expect(seen).toEqual(whole)
    else expect(failure).toBeInstanceOf(ModelError)
    const final = faults.findIndex(({ at, kind }) => at > 2 || (kind === 'invalid-request' && at <= 2))
    const isWhole = final >= 0 && faults[final]?.at === whole.length
    expect(failure === undefined).toBe(isWhole)
    for (const backend of backends) expect(backend.open).toBe(0)
  })
  await fc.assert(property, { numRuns: 300 })
})

test('however often targets fail, they are asked again for a fifth of the requests at most', async () => {
  const load = fc.record({
    failing: fc.double({ min: 0, max: 1, noNaN: true }),
    requests: fc.integer({ min: 100, max: 300 }),
    seed: fc.nat(),
  })
  const property = fc.asyncProperty(load, async ({ failing, requests, seed }) => {
    const { ask, attempts } = serverWith(standingClock())
    const dice = diceOf(seed)
    const flaky = (name: string): PlannedTarget =>
      planned(scripted({ name, steps: () => (dice() < failing ? [fails()] : says(name)) }), { retries: 2 })
    const plan = planOf(flaky('a'), flaky('b'))
    for (let count = 0; count < requests; count += 1) await ask(plan).catch(() => undefined)
    const again = attempts.filter(({ next }) => next === 'again').length
    expect(again).toBeLessThanOrEqual(Math.max(0.2 * requests, 10))
    for (const name of ['a', 'b']) {
      const asked = attempts.filter(({ target, isSkipped }) => target.provider === name && !isSkipped).length
      expect(asked).toBeLessThanOrEqual(1.2 * requests)
    }
  })
  await fc.assert(property, { numRuns: 20 })
})

/* Waits are over at once and take no time, so that all requests fall into one window. */
function standingClock(): Clock {
  return { now: () => 0, after: (_, act) => (queueMicrotask(act), () => undefined) }
}

function diceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

test('an answer that nobody reads is closed with its source', async () => {
  const { means } = serverWith()
  const backend = playing('a', [...begins(), text('a'), { gate: gate().gate }, ...ends(1)])
  const result = await runPlan(planOf(planned(backend, { timeouts: { idleMs: 50 } })), askFor(request), {
    signal: new AbortController().signal,
    isVisible: () => true,
    headersAfterMs: Infinity,
    means: { ...means, clock: passingClock() },
  })
  await eventsOf(result).return?.()
  expect(backend.open).toBe(0)
})

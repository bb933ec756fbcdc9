import fc from 'fast-check'
import { expect, test } from 'vitest'
import { begins, ends, gate, says, scripted, text, type Step } from '../../test/support/scripted-backend.ts'
import { readAll } from '../../test/support/read-all.ts'
import type { Backend } from '../core/backend.ts'
import { hastyClock } from '../../test/support/passing-clock.ts'
import { planned, planOf } from '../../test/support/planned.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import { askFor } from './ask.ts'
import { eventsOf } from './events-of.ts'
import { createRetryBudget } from './retry-budget.ts'
import type { RoutePlan } from './route-plan.ts'
import type { RunMeans } from './run-means.ts'
import { runPlan, type RunRules } from './run-plan.ts'
import type { Attempt } from './sum-up.ts'
import { createTargetHealth } from './target-health.ts'

const request: ModelRequest = { model: 'asked', system: [], messages: [] }
const fail = { fail: new ModelError('unavailable', 'out of memory') }

function plan(...backends: Backend[]): RoutePlan {
  return planOf(...backends.map((backend, index) => planned(backend, { model: `model-${index}` })))
}

function means(clock = hastyClock()): RunMeans {
  const { now } = clock
  return { clock, random: () => 0, health: createTargetHealth(now), budget: createRetryBudget({ now }) }
}

async function run(chosen: RoutePlan, asked: ModelRequest, kept: RunRules): Promise<ModelStream> {
  return eventsOf(await runPlan(chosen, askFor(asked), kept))
}

function summary({ target, failure, next }: Attempt) {
  return [target.provider, target.model, ...(failure ? [failure, next] : [])]
}

function rules(changes: Partial<RunRules> = {}): RunRules {
  const { signal } = new AbortController()
  return { signal, means: means(), isVisible: ({ type }) => type === 'text-delta', headersAfterMs: 60_000, ...changes }
}

test('an answer passes through unchanged, and the target is asked by its own name', async () => {
  const backend = scripted({ steps: says('a', 'b') })
  expect(await readAll(await run(plan(backend), request, rules()))).toEqual(says('a', 'b'))
  expect(backend.requests).toEqual([{ ...request, model: 'model-0' }])
})

test('a failure before anything visible is answered by the next target, and both attempts are recorded', async () => {
  const attempts: Attempt[] = []
  const first = scripted({ name: 'first', steps: [...begins(), fail] })
  const second = scripted({ name: 'second', steps: says('b') })
  const stream = await run(plan(first, second), request, rules({ onAttempt: attempt => attempts.push(attempt) }))
  expect(await readAll(stream)).toEqual(says('b'))
  expect(attempts.map(summary)).toEqual([
    ['first', 'model-0', fail.fail, 'elsewhere'],
    ['second', 'model-1'],
  ])
})

test('a failure after something visible is thrown, and no other target is tried', async () => {
  const second = scripted({ steps: says('b') })
  const stream = await run(plan(scripted({ steps: [...begins(), text('a'), fail] }), second), request, rules())
  const seen: ModelEvent[] = []
  await expect(
    (async () => {
      for await (const event of stream) seen.push(event)
    })(),
  ).rejects.toBe(fail.fail)
  expect(seen).toEqual([...begins(), text('a')])
  expect(second.requests).toEqual([])
})

test.each(['invalid-request', 'conflict', 'internal'] as const)(
  'a failure of kind %s is not tried elsewhere',
  async kind => {
    const second = scripted({ steps: says('b') })
    const first = scripted({ steps: [{ fail: new ModelError(kind, 'no') }] })
    await expect(run(plan(first, second), request, rules())).rejects.toMatchObject({ kind, message: 'no' })
    expect(second.requests).toEqual([])
  },
)

test('a target whose failure is worth repeating is tried once more, and both attempts are recorded', async () => {
  const attempts: Attempt[] = []
  const crash = new ModelError('unavailable', 'crashed', { isWorthRepeating: true })
  let runs = 0
  const backend = scripted({ steps: () => ((runs += 1) === 1 ? [...begins(), { fail: crash }] : says('b')) })
  const other = scripted({ steps: says('c') })
  const stream = await run(plan(backend, other), request, rules({ onAttempt: attempt => attempts.push(attempt) }))
  expect(await readAll(stream)).toEqual(says('b'))
  expect(attempts.map(summary)).toEqual([
    ['scripted', 'model-0', crash, 'again'],
    ['scripted', 'model-0'],
  ])
  expect(other.requests).toEqual([])
})

test('a target that fails again is not tried a third time, and the next one is', async () => {
  const crash = new ModelError('unavailable', 'crashed', { isWorthRepeating: true })
  const backend = scripted({ steps: [{ fail: crash }] })
  expect(await readAll(await run(plan(backend, scripted({ steps: says('c') })), request, rules()))).toEqual(says('c'))
  expect(backend.requests).toHaveLength(2)
})

test('what a client has seen is never repeated', async () => {
  const crash = new ModelError('unavailable', 'crashed', { isWorthRepeating: true })
  const backend = scripted({ steps: [...begins(), text('a'), { fail: crash }] })
  await expect(readAll(await run(plan(backend), request, rules()))).rejects.toBe(crash)
  expect(backend.requests).toHaveLength(1)
})

test('a client that left meanwhile is not tried for again', async () => {
  const controller = new AbortController()
  const crash = new ModelError('unavailable', 'crashed', { isWorthRepeating: true })
  const backend = scripted({ steps: [{ fail: crash }] })
  const leaves = { signal: controller.signal, onAttempt: () => controller.abort(new ModelError('aborted', 'gone')) }
  await expect(run(plan(backend), request, rules(leaves))).rejects.toMatchObject({ kind: 'aborted' })
  expect(backend.requests).toHaveLength(1)
})

test('when every target fails, the failure is of the last one and holds all of them', async () => {
  const last = new ModelError('overloaded', 'busy', { retryAfterMs: 1500 })
  const running = run(plan(scripted({ steps: [fail] }), scripted({ steps: [{ fail: last }] })), request, rules())
  await expect(running).rejects.toMatchObject({
    kind: 'overloaded',
    retryAfterMs: 1500,
    message: '2 attempts failed in turn; the last one: busy',
    cause: { errors: [fail.fail, last] },
  })
})

test('a stranger of an error becomes an internal failure that hides its text', async () => {
  const backend = scripted({ steps: [{ fail: new Error('secret at 0x7f00') }] })
  await expect(run(plan(backend), request, rules())).rejects.toMatchObject({
    kind: 'internal',
    message: expect.not.stringContaining('secret'),
  })
})

test('an answer that shows nothing before its end is whole', async () => {
  const backend = scripted({ steps: says() })
  expect(await readAll(await run(plan(backend), request, rules()))).toEqual(says())
})

test('a stream that stops before it says anything is replaced', async () => {
  const stream = await run(plan(scripted({ steps: begins() }), scripted({ steps: says('b') })), request, rules())
  expect(await readAll(stream)).toEqual(says('b'))
})

test('a client that has waited long enough gets what was held, and the attempt is final', async () => {
  const { gate: hold, open } = gate()
  const second = scripted({ steps: says('b') })
  const first = scripted({ steps: [...begins(), { gate: hold }, fail] })
  const stream = await run(plan(first, second), request, rules({ headersAfterMs: 5 }))
  const iterator = stream[Symbol.asyncIterator]()
  expect(await iterator.next()).toMatchObject({ value: { type: 'start' } })
  expect(await iterator.next()).toMatchObject({ value: { type: 'block-start' } })
  open()
  await expect(iterator.next()).rejects.toBe(fail.fail)
  expect(second.requests).toEqual([])
})

test('a stream handed over with nothing held may still be answered by the next target', async () => {
  const { gate: hold, open } = gate()
  const first = scripted({ steps: [{ gate: hold }, fail] })
  const stream = await run(plan(first, scripted({ steps: says('b') })), request, rules({ headersAfterMs: 5 }))
  open()
  expect(await readAll(stream)).toEqual(says('b'))
})

test('a total failure after the hand-over is thrown by the stream', async () => {
  const { gate: hold, open } = gate()
  const stream = await run(plan(scripted({ steps: [{ gate: hold }, fail] })), request, rules({ headersAfterMs: 5 }))
  open()
  await expect(readAll(stream)).rejects.toBe(fail.fail)
})

test('a client that left before an attempt is not tried for', async () => {
  const controller = new AbortController()
  const second = scripted({ steps: says('b') })
  const leaves = { signal: controller.signal, onAttempt: () => controller.abort(new ModelError('aborted', 'gone')) }
  const running = run(plan(scripted({ steps: [fail] }), second), request, rules(leaves))
  await expect(running).rejects.toMatchObject({ kind: 'aborted', message: 'gone' })
  expect(second.requests).toEqual([])
})

test('leaving while nothing was said closes the backend', async () => {
  const controller = new AbortController()
  const backend = scripted({ steps: [...begins(), { gate: gate().gate }] })
  const running = run(plan(backend), request, rules({ signal: controller.signal }))
  await backend.begun(1)
  controller.abort()
  await expect(running).rejects.toMatchObject({ kind: 'aborted' })
  await backend.ended(1)
  expect(backend.open).toBe(0)
})

test('a backend that does not heed the signal does not keep the client, and is closed at its next event', async () => {
  const controller = new AbortController()
  const hold = gate()
  const closed = gate()
  const deaf: Backend = {
    name: 'deaf',
    isLocal: true,
    async *stream() {
      try {
        yield* begins()
        await hold.gate
        yield text('too late')
      } finally {
        closed.open()
      }
    },
  }
  const running = run(plan(deaf), request, rules({ signal: controller.signal }))
  setImmediate(() => controller.abort())
  await expect(running).rejects.toMatchObject({ kind: 'aborted' })
  hold.open()
  await closed.gate
})

test('closing a stream that was never read closes the backend', async () => {
  const backend = scripted({ steps: says('a') })
  const stream = await run(plan(backend), request, rules())
  await stream[Symbol.asyncIterator]().return?.()
  expect(backend.open).toBe(0)
})

test('closing a stream that is still looked for closes what is found', async () => {
  const { gate: hold, open } = gate()
  const backend = scripted({ steps: [{ gate: hold }, ...says('a')] })
  const stream = await run(plan(backend), request, rules({ headersAfterMs: 5 }))
  const closing = stream[Symbol.asyncIterator]().return?.()
  open()
  await closing
  expect(backend.open).toBe(0)
})

test('however an answer is cut into visible and invisible, and wherever it fails, no event is lost, doubled or reordered', async () => {
  const whole = says('a', 'b', 'c')
  const property = fc.asyncProperty(
    fc.nat(whole.length),
    fc.subarray(['start', 'block-start', 'text-delta', 'block-end', 'end']),
    async (failAt, visible) => {
      const steps: Step[] = [...whole.slice(0, failAt), ...(failAt < whole.length ? [fail] : [])]
      const second = scripted({ steps: [...begins('other'), ...ends(0)] })
      const isVisible = (event: ModelEvent) => visible.includes(event.type)
      const isShown = whole.slice(0, failAt).some(isVisible)
      const read = async () => readAll(await run(plan(scripted({ steps }), second), request, rules({ isVisible })))
      if (failAt === whole.length) expect(await read()).toEqual(whole)
      else if (isShown) await expect(read()).rejects.toBe(fail.fail)
      else expect(await read()).toEqual([...begins('other'), ...ends(0)])
      expect(second.requests.length).toBe(failAt === whole.length || isShown ? 0 : 1)
    },
  )
  await fc.assert(property, { numRuns: 200 })
})

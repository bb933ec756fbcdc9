import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hastyClock, passingClock } from '../../test/support/passing-clock.ts'
import { planned, planOf } from '../../test/support/planned.ts'
import { readAll } from '../../test/support/read-all.ts'
import { begins, gate, says, scripted, text } from '../../test/support/scripted-backend.ts'
import type { Backend, RelayedPiece, RelayRequest } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelEvent } from '../core/events.ts'
import { askFor } from './ask.ts'
import type { Clock } from './clock.ts'
import { eventsOf } from './events-of.ts'
import type { RunMeans } from './run-means.ts'
import { runPlan, type RunResult } from './run-plan.ts'
import { createRetryBudget } from './retry-budget.ts'
import { createTargetHealth } from './target-health.ts'

const request = { model: 'asked', system: [], messages: [] }
const came: Omit<RelayRequest, 'model'> = {
  protocol: 'openai-chat',
  isStreaming: true,
  includesUsage: true,
  body: Uint8Array.of(1),
  client: '',
  headers: {},
}
const fail = new ModelError('unavailable', 'broken')

type RelayStep = RelayedPiece | { readonly fail: Error } | { readonly gate: Promise<unknown> }

/** A backend that relays, and says of each exchange how it was asked and whether it is closed. */
function relaying(steps: readonly RelayStep[], name = 'relay') {
  const asked: RelayRequest[] = []
  let open = 0
  async function* relay(exchange: RelayRequest): AsyncGenerator<RelayedPiece> {
    asked.push(exchange)
    open += 1
    try {
      for (const step of steps) {
        if ('fail' in step) throw step.fail
        if ('gate' in step) await step.gate
        else yield step
      }
    } finally {
      open -= 1
    }
  }
  const backend: Backend = {
    ...scripted({ name, steps: [{ fail: new Error('it is relayed') }] }),
    relay,
    relays: ({ protocol }) => protocol === 'openai-chat',
  }
  return { backend, asked, isOpen: () => open > 0 }
}

function piece(...events: readonly ModelEvent[]): RelayedPiece {
  return { bytes: new TextEncoder().encode(events.map(({ type }) => type).join(' ')), events }
}

const comment: RelayedPiece = { bytes: new TextEncoder().encode(': wait'), events: [] }
const pieces = says('a', 'b').map(event => piece(event))

function run(backends: readonly Backend[], changes: { headersAfterMs?: number; came?: typeof came | undefined } = {}) {
  const plan = planOf(...backends.map(backend => planned(backend)))
  return runPlan(plan, askFor(request, 'came' in changes ? changes.came : came), {
    signal: new AbortController().signal,
    isVisible: ({ type }) => type === 'text-delta',
    headersAfterMs: changes.headersAfterMs ?? Infinity,
    means: meansOf(hastyClock()),
  })
}

function meansOf(clock: Clock): RunMeans {
  const { now } = clock
  return { clock, random: () => 0, health: createTargetHealth(now), budget: createRetryBudget({ now }) }
}

async function bytesOf(result: RunResult): Promise<readonly RelayedPiece[]> {
  if (result.type !== 'relay') return expect.unreachable(`it is ${result.type}`)
  return readAll(result.pieces)
}

describe('an exchange', () => {
  test('is relayed as a whole where the target can, by the name that the target knows', async () => {
    const { backend, asked } = relaying([comment, ...pieces])
    expect(await bytesOf(await run([backend]))).toEqual([comment, ...pieces])
    expect(asked).toEqual([{ ...came, model: 'm' }])
  })

  test.each([
    ['that came in another protocol', { ...came, protocol: 'anthropic-messages' } as const],
    ['of which the bytes are not given', undefined],
  ])('%s is translated', async (_, other) => {
    const { backend, asked } = relaying(pieces)
    const translating = { ...backend, stream: scripted({ steps: says('t') }).stream }
    const result = await run([translating], { came: other })
    expect(result.type).toBe('events')
    expect(await readAll(eventsOf(result))).toEqual(says('t'))
    expect(asked).toEqual([])
  })

  test('that fails before anything was shown is translated for the next target', async () => {
    const { backend } = relaying([comment, ...begins().map(event => piece(event)), { fail }])
    const result = await run([backend, scripted({ steps: says('b') })])
    expect(result.type).toBe('events')
    expect(await readAll(eventsOf(result))).toEqual(says('b'))
  })

  test('for which the target cannot say whether it can relay it goes on to the next', async () => {
    const unsure: Backend = {
      ...relaying(pieces).backend,
      relays: () => {
        throw fail
      },
    }
    expect(await bytesOf(await run([unsure, relaying(pieces, 'second').backend]))).toEqual(pieces)
  })

  test('may be relayed by the next target too', async () => {
    const second = relaying(pieces, 'second')
    expect(await bytesOf(await run([scripted({ steps: [{ fail }] }), second.backend]))).toEqual(pieces)
  })

  test('whose bytes end without an end is replaced', async () => {
    const { backend } = relaying(begins().map(event => piece(event)))
    expect(await readAll(eventsOf(await run([backend, scripted({ steps: says('b') })])))).toEqual(says('b'))
  })

  test('that is late is not given up for bytes that tell nothing', async () => {
    const { gate: hold, open } = gate()
    const { backend } = relaying([comment, { gate: hold }, { fail }])
    const result = await run([backend, scripted({ steps: says('b') })], { headersAfterMs: 5 })
    expect(result.type).toBe('pending')
    open()
    expect(await readAll(eventsOf(result))).toEqual(says('b'))
  })

  test('that is late is still relayed', async () => {
    const { gate: hold, open } = gate()
    const { backend } = relaying([{ gate: hold }, ...pieces])
    const result = await run([backend], { headersAfterMs: 5 })
    if (result.type !== 'pending') return expect.unreachable(`it is ${result.type}`)
    open()
    expect(await bytesOf(await result.found)).toEqual(pieces)
  })
})

test('an answer that is relayed as a whole may take its time to the first word, which is its last', async () => {
  const clock = passingClock()
  const { gate: hold, open } = gate()
  const whole = piece(...says('a'))
  const { backend, asked } = relaying([{ gate: hold }, whole])
  const run = (isStreaming: boolean) =>
    runPlan(planOf(planned(backend, { timeouts: { firstTokenMs: 10 } })), askFor(request, { ...came, isStreaming }), {
      signal: new AbortController().signal,
      isVisible: ({ type }) => type === 'end',
      headersAfterMs: Infinity,
      means: meansOf(clock),
    })
  const late = run(true)
  const patient = run(false)
  await expect.poll(() => asked.length).toBe(2)
  clock.pass(10)
  open()
  await expect(late).rejects.toMatchObject({ kind: 'timeout' })
  expect(await bytesOf(await patient)).toEqual([whole])
})

test('whoever wants no bytes gets the events in them, and closing those closes the exchange', async () => {
  const { backend, isOpen } = relaying([piece(...begins(), text('a')), comment, piece(text('b'), ...says().slice(2))])
  const events = eventsOf(await run([backend]))
  expect((await events.next()).value).toMatchObject({ type: 'start' })
  expect(isOpen()).toBe(true)
  await events.return?.()
  expect(isOpen()).toBe(false)
  expect(await readAll(eventsOf(await run([relaying(pieces).backend])))).toEqual(says('a', 'b'))
})

test('however bytes are cut, none is lost, doubled or reordered, and they are of one target', async () => {
  const whole = says('a', 'b', 'c')
  const property = fc.asyncProperty(fc.nat(whole.length), fc.array(fc.nat(3), { maxLength: 12 }), async (...drawn) => {
    const [failAt, cuts] = drawn
    const sent: RelayedPiece[] = []
    let rest = whole.slice(0, failAt)
    for (const cut of [...cuts, whole.length]) {
      sent.push(piece(...rest.slice(0, cut)))
      rest = rest.slice(cut)
    }
    const second = relaying([piece(...says('other'))], 'second')
    const first = relaying([...sent, ...(failAt < whole.length ? [{ fail }] : [])], 'first')
    const read = async () => bytesOf(await run([first.backend, second.backend]))
    const isShown = whole.slice(0, failAt).some(({ type }) => type === 'text-delta')
    if (failAt === whole.length) expect(await read()).toEqual(sent)
    else if (isShown) await expect(read()).rejects.toBe(fail)
    else expect(await read()).toEqual([piece(...says('other'))])
    expect(second.asked.length).toBe(failAt === whole.length || isShown ? 0 : 1)
    expect([first.isOpen(), second.isOpen()]).toEqual([false, false])
  })
  await fc.assert(property, { numRuns: 200 })
})

import { expect, test } from 'vitest'
import { gate, says, scripted } from '../../test/support/scripted-backend.ts'
import { readAll } from '../../test/support/read-all.ts'
import { observe, startTrace } from './observe.ts'

const request = { model: 'm', system: [], messages: [] }
const { signal } = new AbortController()

test('an answer passes unchanged, and its costs are noted', async () => {
  const trace = startTrace()
  let elapsed = 0
  const events = observe(scripted({ steps: says('a', 'b') }).stream(request, signal), trace, () => {
    elapsed += 5
    return elapsed
  })
  expect(await readAll(events)).toEqual(says('a', 'b'))
  expect(trace).toEqual({
    attempts: [],
    model: 'scripted-model',
    msToFirstEvent: 5,
    stop: 'end-turn',
    usage: { inputTokens: 7, outputTokens: 2 },
  })
})

test('leaving early closes the answer, and what is known stays known', async () => {
  const trace = startTrace()
  const backend = scripted({ steps: [...says('a').slice(0, 3), { gate: gate().gate }] })
  for await (const event of observe(backend.stream(request, signal), trace, () => 1))
    if (event.type === 'text-delta') break
  expect(backend.open).toBe(0)
  expect(trace).toMatchObject({ model: 'scripted-model', usage: { inputTokens: 7 } })
  expect(trace.stop).toBeUndefined()
})

test('what the answering target was not told is noted', async () => {
  const trace = startTrace()
  const losses = [{ field: 'tools', action: 'dropped', why: 'it calls none' }] as const
  const [start, ...rest] = says('a')
  const told = start?.type === 'start' ? [{ ...start, losses }, ...rest] : []
  await readAll(observe(scripted({ steps: told }).stream(request, signal), trace, () => 1))
  expect(trace.losses).toEqual(losses)
})

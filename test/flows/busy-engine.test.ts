import { expect, test } from 'vitest'
import type { ModelEvent } from '../../src/core/events.ts'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { planRoute } from '../../src/routing/plan-route.ts'
import { until } from '../chaos/serve-engine.ts'
import { askFor, openEngine } from '../support/engine.ts'
import type { TestEngine } from '../support/engine.ts'
import { circumstances, demand, viewOf } from '../support/routing-view.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'

const files = useTinyModel()

const rules: readonly RouteRule[] = [
  {
    name: 'patient for a while',
    match: { model: { type: 'exact', text: 'tiny' } },
    targets: [{ provider: 'local' }, { provider: 'cloud', model: 'large' }],
    mostWaitMs: 1000,
  },
]

/** Where a request to the model goes now. */
function firstTarget({ engine }: TestEngine): string | undefined {
  const view = viewOf({ here: { tiny: {} }, providers: { cloud: {} }, rules, local: engine })
  return planRoute(demand('tiny'), circumstances(), view).targets[0]?.provider
}

function begin({ engine }: TestEngine): AsyncIterator<ModelEvent> {
  const ask = askFor('Sing', { maxTokens: 1900 })
  return engine.stream(ask, new AbortController().signal)[Symbol.asyncIterator]()
}

test('requests leave for the next target while a model is loaded, and while its queue is long', async () => {
  let later = 0
  const opened = openEngine(
    { tiny: files.tiny },
    { preferences: { slots: 1, contextTokens: 2048 }, now: () => performance.now() + later },
  )
  const { engine } = opened
  // Nobody has it loaded: whoever asks first waits for that.
  expect([engine.outlook?.('tiny'), firstTarget(opened)]).toEqual([undefined, 'local'])
  const loading = engine.load('tiny')
  await until(() => engine.outlook?.('tiny') !== undefined)
  expect(engine.outlook?.('tiny')).toMatchObject({ state: 'loading' })
  expect(firstTarget(opened)).toBe('cloud')
  await loading
  expect(engine.outlook?.('tiny')).toMatchObject({ state: 'ready', waiting: 0 })
  expect(firstTarget(opened)).toBe('local')

  const song = begin(opened)
  await song.next()
  expect(firstTarget(opened)).toBe('local')
  // The first answer is not over, and takes ever longer.
  later = 5000
  const waiting = opened.ask('Second')
  await until(() => engine.outlook?.('tiny')?.waiting === 1)
  expect(engine.outlook?.('tiny')?.estimatedWaitMs).toBeGreaterThan(10_000)
  expect(firstTarget(opened)).toBe('cloud')

  await song.return?.()
  await waiting
  expect(engine.outlook?.('tiny')).toMatchObject({ waiting: 0, estimatedWaitMs: 0 })
  expect(firstTarget(opened)).toBe('local')
  await engine.close()
})

test('what answers have taken says how long the next ones wait', async () => {
  let later = 0
  const opened = openEngine(
    { tiny: files.tiny },
    { preferences: { slots: 1, contextTokens: 2048 }, now: () => performance.now() + later },
  )
  await opened.engine.load('tiny')
  for await (const event of opened.engine.stream(askFor('Slow'), new AbortController().signal))
    if (event.type === 'start') later = 3000
  const song = begin(opened)
  await song.next()
  expect(opened.engine.outlook?.('tiny')?.estimatedWaitMs).toBeGreaterThanOrEqual(3000)
  expect(firstTarget(opened)).toBe('cloud')
  await song.return?.()
  await opened.engine.close()
})

import { expect, onTestFinished, test } from 'vitest'
import { cloud } from '../../test/support/routing-view.ts'
import { loadConfig } from '../config/config.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { RouteRule } from '../core/route-rules.ts'
import { createLogger } from '../telemetry/logger.ts'
import type { OpenProvider } from './open-provider.ts'
import { createRoutingState } from './routing-state.ts'

interface Place extends Pick<ProviderSettings, 'checkEveryMs' | 'isLocal'> {
  /** Whether it is a program that is started when it is needed. */
  readonly isManaged?: boolean
}

const rule: RouteRule = { name: 'r', match: { keys: ['k'] }, targets: [{ provider: 'p' }] }

/** How often the provider `p` is checked. */
function checkEveryMs(place: Place, routes: readonly RouteRule[] = [rule], isLocalOnly = false) {
  const { isManaged = false, isLocal = false, ...settings } = place
  const first = loadConfig({ isLocalOnly }, {})
  const provider = { id: 'p', kind: 'vllm', ...settings }
  const snapshot = { ...first, rules: { ...first.rules, routes, providers: [provider] } }
  const open = (own: ProviderSettings): OpenProvider => ({
    settings: own,
    backend: { ...cloud('p'), isLocal },
    models: async () => [],
    ...(!isManaged && { isWell: async () => true }),
    close: () => undefined,
  })
  const state = createRoutingState({
    config: {
      current: () => snapshot,
      start: () => undefined,
      onChange: () => () => undefined,
      close: () => undefined,
    },
    open,
    directory: async () => ({ targets: () => [], names: () => [] }),
    health: { restsForMs: () => 0 },
    random: () => 0,
    logger: createLogger({ level: 'silent', destination: { write: () => undefined } }),
  })
  onTestFinished(() => state.close())
  return state.checkEveryMs('p')
}

test('a local engine that a rule leads to is checked by itself, and no other', async () => {
  expect(await checkEveryMs({ isLocal: true })).toBe(5000)
  expect(await checkEveryMs({ isLocal: true }, [])).toBeUndefined()
  expect(await checkEveryMs({ isLocal: false })).toBeUndefined()
})

test('what its owner says goes before, unless nothing may leave', async () => {
  expect(await checkEveryMs({ isLocal: true, checkEveryMs: 'never' })).toBeUndefined()
  expect(await checkEveryMs({ isLocal: true, checkEveryMs: 2000 }, [])).toBe(2000)
  expect(await checkEveryMs({ isLocal: false, checkEveryMs: 60_000 })).toBe(60_000)
  expect(await checkEveryMs({ isLocal: false, checkEveryMs: 60_000 }, [rule], true)).toBeUndefined()
  const closed: RouteRule = { name: 'closed', match: {}, targets: [], isLocalOnly: true }
  expect(await checkEveryMs({ isLocal: false, checkEveryMs: 60_000 }, [closed])).toBeUndefined()
})

test('a program that is started when it is needed is not checked, for nobody would start it', async () => {
  expect(await checkEveryMs({ isLocal: true, isManaged: true, checkEveryMs: 2000 })).toBeUndefined()
})

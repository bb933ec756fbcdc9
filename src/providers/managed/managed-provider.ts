import type { Provider } from '../provider.ts'
import { holdFor, manageBackend } from './managed-backend.ts'
import type { ManagedEngine } from './managed-engine.ts'

/** Gives a provider whose program is started when it is needed. */
export function manageProvider(provider: Provider, engine: ManagedEngine): Provider {
  return {
    ...provider,
    backend: manageBackend(provider.backend, engine),
    engine,
    check: signal => holdFor(engine, signal, () => provider.check(signal)),
    close: () => {
      provider.close()
      engine.close()
    },
  }
}

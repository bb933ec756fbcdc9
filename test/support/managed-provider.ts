import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import { createProvider } from '../../src/providers/create-provider.ts'
import type { EngineNews } from '../../src/providers/managed/engine-news.ts'
import type { ManagedMeans } from '../../src/providers/managed/manage.ts'
import { createOutbound } from '../../src/providers/outbound.ts'
import type { Provider } from '../../src/providers/provider.ts'

const fakeEngine = fileURLToPath(new URL('fake-engine.ts', import.meta.url))

/** The command of an engine that does as its arguments say. */
export function fakeCommand(...words: readonly string[]): NonNullable<ProviderSettings['command']> {
  return { program: process.execPath, arguments: [fakeEngine, '--port', '{port}', ...words] }
}

type NewsOf<Type extends EngineNews['type']> = EngineNews & { readonly type: Type }

/** A provider whose program is started for it, and what happens to that. */
export interface Managed {
  readonly provider: Provider
  readonly news: readonly EngineNews[]
  /** Settles with the first news of a type, those before included. */
  heard<Type extends EngineNews['type']>(type: Type): Promise<NewsOf<Type>>
}

/** Makes a provider with a command for one test. */
export function provideManaged(settings: Partial<ProviderSettings>, engines: ManagedMeans = {}): Managed {
  const outbound = createOutbound()
  const news: EngineNews[] = []
  const changes = new EventTarget()
  const provider = createProvider(
    { id: 'mine', kind: 'llama-server', command: fakeCommand(), ...settings },
    {
      outbound,
      now: () => performance.now(),
      engines: {
        environment: { PATH: process.env['PATH'] },
        ...engines,
        onEngine: each => {
          news.push(each)
          changes.dispatchEvent(new Event('change'))
        },
      },
    },
  )
  onTestFinished(async () => {
    provider.close()
    await outbound.close()
  })
  const isOf =
    <Type extends EngineNews['type']>(type: Type) =>
    (each: EngineNews): each is NewsOf<Type> =>
      each.type === type
  return {
    provider,
    news,
    heard: async type => {
      for (;;) {
        const found = news.find(isOf(type))
        if (found) return found
        await once(changes, 'change')
      }
    },
  }
}

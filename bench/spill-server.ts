import { setTimeout as delay } from 'node:timers/promises'
import type { Backend } from '../src/core/backend.ts'
import { keptStream, play, startUpstream } from '../test/support/scripted-upstream.ts'
import { serveProviders } from '../test/support/serve-providers.ts'

/** A server over a model that is here, with a scripted cloud behind it. */
export interface SpillServer extends AsyncDisposable {
  readonly url: string
}

export interface SpillOptions {
  /** How long the cloud takes before it says anything. */
  readonly cloudMs: number
  /** The rule's limit; none where absent. */
  readonly mostWaitMs?: number
}

/** Starts it on a loopback port. */
export async function serveWithCloud(backend: Backend, { cloudMs, mostWaitMs }: SpillOptions): Promise<SpillServer> {
  const answer = await keptStream('openai-responses', 'openai-text.1')
  const upstream = await startUpstream(async (response, request) => {
    await delay(cloudMs)
    await play(answer, response, request)
  })
  const server = await serveProviders({
    providers: { cloud: { kind: 'openai', protocol: 'openai-responses', url: upstream.origin } },
    rules: [
      {
        name: 'helped',
        match: { model: { type: 'exact', text: 'model' } },
        targets: [{ provider: 'local' }, { provider: 'cloud' }],
        ...(mostWaitMs !== undefined && { mostWaitMs }),
      },
    ],
    here: { model: { backend } },
  })
  return {
    url: server.url,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

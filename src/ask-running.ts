import type { AskedRoute } from './cli/program-context.ts'
import { findKey } from './config/client-keys.ts'
import type { Config, Snapshot } from './config/config.ts'
import type { CacheReport } from './core/cache-report.ts'
import { ownUrlOf } from './listen.ts'
import { askExplanation } from './server/ask-explanation.ts'
import { askRoute } from './server/ask-route.ts'
import type { ServerAddress } from './server/ask-server.ts'
import type { RouteExplanation } from './services/explain-route.ts'

/** Asks a running server of this configuration what became of a prompt in its cache. */
export function explainCache(requestId: string, config: Config, signal: AbortSignal): Promise<CacheReport> {
  return askExplanation(requestId, addressOf(config, config.keys[0]), signal)
}

/** Asks a running server of this configuration where a request would go at this moment. Throws a `ModelError`. */
export async function explainRunningRoute(
  { key: name, ...asked }: AskedRoute,
  { config, rules }: Snapshot,
  signal: AbortSignal,
): Promise<RouteExplanation> {
  const key = name === undefined ? config.keys[0] : findKey(name, rules.keys).key.reveal()
  return askRoute(asked, addressOf(config, key), signal)
}

function addressOf({ host, port }: Config, key: string | undefined): ServerAddress {
  return { url: ownUrlOf({ host, port }), ...(key !== undefined && { key }) }
}

import type { Config } from './config/config.ts'
import type { CacheReport } from './core/cache-report.ts'
import { ownUrlOf } from './listen.ts'
import { askExplanation } from './server/ask-explanation.ts'

/** Asks a running server of this configuration what became of a prompt in its cache. */
export function explainCache(requestId: string, config: Config, signal: AbortSignal): Promise<CacheReport> {
  const { host, port, keys } = config
  const key = keys[0]
  return askExplanation(requestId, { url: ownUrlOf({ host, port }), ...(key !== undefined && { key }) }, signal)
}

import type { CacheReport } from '../core/cache-report.ts'
import type { Exchange } from './exchange.ts'
import { toHeaderText } from './header-text.ts'

/** What became of the latest prompts in the cache, by request, for clients to ask. */
export interface CacheReports {
  keep(exchange: Exchange): void
  find(requestId: string): CacheReport | undefined
}

const mostReports = 512

/**
 * Makes an empty memory. What a kept conversation went on with may be another client's, so it is told only where
 * `isForOne`, all clients being one.
 */
export function createCacheReports({ isForOne }: { readonly isForOne: boolean }): CacheReports {
  const reports = new Map<string, CacheReport>()
  return {
    keep: ({ requestId, trace }) => {
      if (!trace.cache) return
      reports.set(requestId, isForOne ? trace.cache : withoutKept(trace.cache))
      const oldest = reports.size > mostReports ? reports.keys().next().value : undefined
      if (oldest !== undefined) reports.delete(oldest)
    },
    find: requestId => reports.get(requestId),
  }
}

const header = 'x-duologue-cache'

/** Says in a header what became of the prompt in the cache, where the client asks and before the headers go out. */
export function tellCache({ request, response, trace }: Exchange): void {
  if (response.headersSent || !trace.cache || request.headers['x-duologue-explain'] !== 'cache') return
  response.setHeader(header, toHeaderText(JSON.stringify(withoutKept(trace.cache))))
}

function withoutKept({ difference, ...report }: CacheReport): CacheReport {
  if (!difference) return report
  const { kept: _kept, ...own } = difference
  return { ...report, difference: own }
}

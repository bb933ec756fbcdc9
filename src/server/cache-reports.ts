import type { CacheReport } from '../core/cache-report.ts'
import type { Exchange } from './exchange.ts'
import { toHeaderText } from './header-text.ts'
import { callerOf } from './keyring.ts'

/** What became of the latest prompts in the cache, by request, for clients to ask. */
export interface CacheReports {
  keep(exchange: Exchange): void
  /** Gives the report of a request; its words only to the client who sent it. */
  find(requestId: string, asking: Exchange): CacheReport | undefined
}

const mostReports = 512

/**
 * Makes an empty memory. What a kept conversation went on with may be another client's, so it is told only where
 * `isForOne`, all clients being one.
 */
export function createCacheReports({ isForOne }: { readonly isForOne: () => boolean }): CacheReports {
  const reports = new Map<string, { readonly report: CacheReport; readonly caller: string }>()
  const caller = ({ request }: Exchange): string => (isForOne() ? '' : callerOf(request.headers))
  return {
    keep: exchange => {
      const { cache } = exchange.trace
      if (!cache) return
      reports.set(exchange.requestId, { report: isForOne() ? cache : withoutKept(cache), caller: caller(exchange) })
      const oldest = reports.size > mostReports ? reports.keys().next().value : undefined
      if (oldest !== undefined) reports.delete(oldest)
    },
    find: (requestId, asking) => {
      const kept = reports.get(requestId)
      return kept?.caller === caller(asking) ? kept.report : kept && withoutWords(kept.report)
    },
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

/* With several keys, prompts are those of several clients: whoever asks learns where a prompt of another client differs, not what it says. */
function withoutWords(report: CacheReport): CacheReport {
  const { difference, ...rest } = withoutKept(report)
  return difference ? { ...rest, difference: { ...difference, before: '', asked: '' } } : rest
}

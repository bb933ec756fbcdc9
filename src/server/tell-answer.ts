import { tellCache } from './cache-reports.ts'
import type { Exchange } from './exchange.ts'
import { toHeaderText } from './header-text.ts'
import { tellLosses } from './loss-header.ts'

const lettersTold = 200

/** Says in headers who answers, by which rule and at which attempt, and what that cost, before they go out. */
export function tellAnswer(exchange: Exchange): void {
  tellRoute(exchange)
  tellLosses(exchange)
  tellCache(exchange)
}

/** Also a failed request went somewhere. */
export function tellRoute({ response, trace }: Exchange): void {
  if (response.headersSent) return
  const { target, route, attempts, isEstimated } = trace
  if (route !== undefined) response.setHeader('x-duologue-route', toHeaderText(route.slice(0, lettersTold)))
  if (target !== undefined) response.setHeader('x-duologue-target', toHeaderText(target.slice(0, lettersTold)))
  if (isEstimated === true) response.setHeader('x-duologue-count', 'estimated')
  if (attempts.length > 0) response.setHeader('x-duologue-attempts', String(attempts.length))
}

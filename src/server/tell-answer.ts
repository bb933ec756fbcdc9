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

/** Says by which rule an answer is looked for, in headers that may go out before it is found. */
export function tellRule({ response, trace: { route } }: Exchange): void {
  if (response.headersSent || route === undefined) return
  response.setHeader('x-duologue-route', toHeaderText(route.slice(0, lettersTold)))
}

/** Also a failed request went somewhere. */
export function tellRoute(exchange: Exchange): void {
  const { response, trace } = exchange
  if (response.headersSent) return
  tellRule(exchange)
  const { target, attempts, isEstimated } = trace
  if (target !== undefined) response.setHeader('x-duologue-target', toHeaderText(target.slice(0, lettersTold)))
  if (isEstimated === true) response.setHeader('x-duologue-count', 'estimated')
  if (attempts.length > 0) response.setHeader('x-duologue-attempts', String(attempts.length))
}

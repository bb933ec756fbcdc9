import { ModelError } from '../../core/errors.ts'
import type { CacheReports } from '../cache-reports.ts'
import { sendJson } from '../send-json.ts'
import type { Route } from './route.ts'

/** The routes that explain to the owner what the server did. */
export function explainRoutes(reports: CacheReports): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/duologue/explain/cache/*',
      access: 'key',
      handle: ({ exchange, rest }) => {
        const report = reports.find(rest, exchange)
        if (!report) {
          throw new ModelError(
            'not-found',
            'request id: nothing is known of it; take the one of a recent answer to which a model on this machine was asked',
          )
        }
        sendJson(exchange, { status: 200, headers: { 'cache-control': 'no-store' }, body: report })
      },
    },
  ]
}

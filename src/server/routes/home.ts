import { sendJson } from '../send-json.ts'
import type { Route } from './route.ts'

/** The route of the bare address, which clients knock at to see whether somebody is there, and people open. */
export function homeRoutes(): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      access: 'public',
      handle: ({ exchange }) =>
        sendJson(exchange, {
          status: 200,
          headers: { 'cache-control': 'no-store' },
          body: {
            name: 'Duologue',
            status: 'live',
            apis: ['/v1/messages', '/v1/chat/completions', '/v1/responses'],
            models: '/v1/models',
            health: '/health',
          },
        }),
    },
  ]
}

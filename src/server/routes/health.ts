import { sendJson } from '../send-json.ts'
import type { Route, RouteCall } from './route.ts'

/** Whether requests should be sent here, and if not, why. */
export interface Readiness {
  readonly isReady: boolean
  readonly reason?: string
}

/** The routes that tell a supervisor how the server is. They say nothing of models or clients. */
export function healthRoutes(readiness: () => Readiness): readonly Route[] {
  const ready = ({ exchange }: RouteCall) => {
    const { isReady, reason } = readiness()
    sendJson(exchange, {
      status: isReady ? 200 : 503,
      headers: { 'cache-control': 'no-store' },
      body: {
        status: isReady ? 'ready' : 'not ready',
        live: true,
        ready: isReady,
        ...(reason !== undefined && { reason }),
      },
    })
  }
  return [
    { method: 'GET', path: '/health', access: 'public', handle: ready },
    { method: 'GET', path: '/health/ready', access: 'public', handle: ready },
    {
      method: 'GET',
      path: '/health/live',
      access: 'public',
      handle: ({ exchange }) =>
        sendJson(exchange, {
          status: 200,
          headers: { 'cache-control': 'no-store' },
          body: { status: 'live', live: true },
        }),
    },
  ]
}

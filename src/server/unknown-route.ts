import { ModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { preflightHeaders } from './origin-guard.ts'
import { matches, type Route } from './routes/route.ts'

/** Answers what no route took: a question for the methods of a path, a wrong method, or an unknown path. */
export function answerUnknownRoute(exchange: Exchange, routes: readonly Route[]): void {
  const { request, response, path } = exchange
  const methods = allowedMethods(routes, path)
  if (request.method === 'OPTIONS' && methods !== undefined) {
    const cors = response.hasHeader('access-control-allow-origin') ? preflightHeaders(methods, request.headers) : {}
    response.writeHead(204, { allow: methods, ...cors }).end()
    return
  }
  if (methods === undefined) throw unknownPath(path, routes)
  response.setHeader('allow', methods)
  throw new HttpError(405, `method: ${request.method} is not possible here; use ${methods}`, {
    kind: 'method-not-allowed',
  })
}

/** Gives the methods of a path as `allow` names them; undefined for a path that is not ours. */
export function allowedMethods(routes: readonly Route[], path: string): string | undefined {
  const found = path === '*' ? routes : routes.filter(route => matches(route, path))
  if (found.length === 0) return undefined
  const methods = new Set(found.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))
  return [...methods, 'OPTIONS'].join(', ')
}

function unknownPath(path: string, routes: readonly Route[]): ModelError {
  const known = routes.map(route => `${route.method} ${route.path.replace('*', '{id}')}`)
  return new ModelError(
    'not-found',
    `path: ${JSON.stringify(path.slice(0, 200))} does not exist; there are ${known.join(', ')}`,
  )
}

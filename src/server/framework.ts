import type { RequestListener, Server } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { requireJson } from './content-type.ts'
import { clientLeft, type Exchange } from './exchange.ts'
import type { Exchanges } from './exchanges.ts'
import { HttpError } from './http-error.ts'
import { checkKey, type Keyring } from './keyring.ts'
import type { ServerLimits } from './limits.ts'
import { notTheOwners, type IsOwners } from './owner.ts'
import type { Places } from './places.ts'
import { readJson, withoutByteOrderMark } from './read-json.ts'
import type { Route } from './routes/route.ts'
import { sendError } from './send-json.ts'
import { answerUnknownRoute } from './unknown-route.ts'
import { bodyTooLarge, unpackBody } from './unpack-body.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    route?: Route
  }
}

export interface FrameworkOptions {
  readonly routes: readonly Route[]
  readonly keyring: Keyring
  readonly isOwners: IsOwners
  readonly limits: ServerLimits
  readonly exchanges: Exchanges
  readonly places: Places
  readonly listenWith: (handle: RequestListener) => Server
}

/** Puts the routes into the framework, which finds the route and reads the body; replies are written by us. */
export function createFramework(options: FrameworkOptions): FastifyInstance {
  const { routes, exchanges, limits } = options
  const app = Fastify({
    serverFactory: handler => options.listenWith(handler),
    bodyLimit: limits.maxBodyBytes,
    return503OnClosing: false,
    // What is not HTTP, or comes too late, is answered where the server is made; the framework would answer once more.
    clientErrorHandler: () => undefined,
    frameworkErrors: (_error, request, reply) => {
      reply.hijack()
      sendError(exchanges.of(request.raw), new HttpError(400, 'path: it holds a bad percent escape; correct it'))
    },
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const encoding = request.headers['content-encoding']
    const bytes = withoutByteOrderMark(await unpackBody(body, encoding, limits.maxBodyBytes))
    exchanges.of(request.raw).body = bytes
    // Some clients name a type wherever they may send a body.
    if (bytes.length === 0 && request.routeOptions.config.route?.isBodiless === true) return undefined
    return readJson(bytes)
  })
  app.addHook('onRequest', async (request, reply) => {
    const exchange = exchanges.of(request.raw)
    const { route } = request.routeOptions.config
    admit(exchange, route, options)
    if (route) return
    answerUnknownRoute(exchange, routes)
    reply.hijack()
  })
  app.setErrorHandler((error, request, reply) => {
    reply.hijack()
    sendError(exchanges.of(request.raw), translate(error, limits))
  })
  // The hook has answered by then; without a handler of ours the framework would not call it.
  app.setNotFoundHandler((_request, reply) => reply.hijack())
  for (const route of routes) addRoute(app, route, exchanges)
  return app
}

function addRoute(app: FastifyInstance, route: Route, exchanges: Exchanges): void {
  app.route<{ Params: { readonly '*'?: string } }>({
    config: { route },
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      reply.hijack()
      const exchange = exchanges.of(request.raw)
      const rest = request.params['*'] ?? ''
      try {
        await route.handle({ exchange, body: request.body, rest })
      } catch (error) {
        sendError(exchange, error)
      }
    },
  })
}

/** Lets a request go on to its route, or throws. The route object decides; what no route took needs a key. */
function admit(exchange: Exchange, route: Route | undefined, options: FrameworkOptions): void {
  const { keyring, isOwners, places, routes } = options
  const { request } = exchange
  if (route) exchange.route = `${route.method} ${route.path}`
  if (!isPublic(exchange, route, routes)) {
    const key = checkKey(request.headers, keyring)
    if (key) exchange.key = key
  }
  if (route?.access === 'owner' && !isOwners(exchange)) throw notTheOwners(exchange)
  if (route?.method !== 'POST') return
  if (route.isBodiless !== true) requireJson(request.headers['content-type'])
  places.take(exchange)
}

/** A browser's question for methods carries no key, and a wrong method on a public path tells nothing more. */
function isPublic({ request, path }: Exchange, route: Route | undefined, routes: readonly Route[]): boolean {
  if (route) return route.access === 'public'
  return request.method === 'OPTIONS' || routes.some(known => known.access === 'public' && known.path === path)
}

/** Says in our words what the framework found wrong with a body. */
function translate(error: unknown, limits: ServerLimits): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return bodyTooLarge(limits.maxBodyBytes)
    case 'ECONNRESET':
      return clientLeft()
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new HttpError(400, 'the request body ended before its content-length')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpError(415, 'header content-type: send application/json in UTF-8')
    default:
      return error
  }
}

import type { Exchange } from '../exchange.ts'

/** A request to a route: the exchange with what was read of the request. */
export interface RouteCall {
  readonly exchange: Exchange
  /** What `JSON.parse` gave; undefined for a request without a body. */
  readonly body: unknown
  /** What a path that ends in `*` has in its place. */
  readonly rest: string
}

/** One path of the server, with who may call it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** A path; one that ends in `*` stands for every longer one. */
  readonly path: string
  /** `key`: only who presents one, where the server has keys. `owner`: only the owner of the server. */
  readonly access: 'public' | 'key' | 'owner'
  /** Whether what is posted needs no body; it does, unless this says otherwise. */
  readonly isBodiless?: boolean
  /** Answers, or throws a `ModelError` to be told. */
  readonly handle: (call: RouteCall) => Promise<void> | void
}

/** Whether a path, without query, is one of the route's. */
export function matches(route: Route, path: string): boolean {
  if (!route.path.endsWith('*')) return route.path === path
  const prefix = route.path.slice(0, -1)
  return path.startsWith(prefix) && path.length > prefix.length
}

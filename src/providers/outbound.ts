import type { Dispatcher } from 'undici'
import { Agent, EnvHttpProxyAgent, request } from 'undici'
import {
  isLoopbackHost,
  isOwnersAddress,
  isPublicAddress,
  literalAddress,
  lookupWhere,
  privateAddressCode,
} from '../network/addresses.ts'
import { proxyOptions } from '../network/proxy.ts'
import type { ProxySettings } from '../network/proxy.ts'
import { leaveEarly } from './leave-early.ts'

/** The one way out: what every provider sends goes through it. */
export interface Outbound {
  /** Sends a request. Redirects are given back, never followed. Throws the system's error, or `aborted`. */
  send(question: OutboundRequest): Promise<Dispatcher.ResponseData>
  close(): Promise<void>
}

export interface OutboundRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal: AbortSignal
  /** Whether the owner wrote the address himself, and so may mean a machine of his own. */
  readonly isOwnersUrl: boolean
  /** Whether it is the owner's own machine, to which no proxy leads. */
  readonly isLocal?: boolean
  /** Called when there is a connection and the request goes over it. */
  readonly onConnected: () => void
}

type Reach = 'public' | 'owner' | 'machine'

const isAllowed: Readonly<Record<Reach, (address: string) => boolean>> = {
  public: isPublicAddress,
  owner: isOwnersAddress,
  machine: isOwnersAddress,
}

/** Opens the way out, through the proxies of the configuration; what is on this machine is asked without them. */
export function createOutbound(proxy?: ProxySettings): Outbound {
  const dispatchers: Readonly<Record<Reach, Dispatcher>> = {
    public: createDispatcher('public', proxy),
    owner: createDispatcher('owner', proxy),
    machine: createDispatcher('machine'),
  }
  return {
    send: question => send(question, dispatchers[reachOf(question)]),
    close: async () => {
      await Promise.all(Object.values(dispatchers).map(dispatcher => dispatcher.destroy()))
    },
  }
}

function reachOf({ url, isOwnersUrl, isLocal }: OutboundRequest): Reach {
  if (!isOwnersUrl) return 'public'
  return isLocal === true || isLoopbackHost(url.hostname) ? 'machine' : 'owner'
}

/* A request that is given up leaves its half-made connection behind, which may not stay for ever. */
const longestConnectMs = 30_000

function createDispatcher(reach: Reach, proxy?: ProxySettings): Dispatcher {
  const options: Agent.Options = {
    // A long prompt may be read for many minutes before the first byte: the provider's own timers decide.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 32 * 1024,
    allowH2: false,
    // A socket to a spelled-out address never asks this; `send` looks at those.
    connect: { timeout: longestConnectMs, lookup: lookupWhere(isAllowed[reach]) },
  }
  return proxy === undefined ? new Agent(options) : new EnvHttpProxyAgent({ ...options, ...proxyOptions(proxy) })
}

async function send(question: OutboundRequest, dispatcher: Dispatcher): Promise<Dispatcher.ResponseData> {
  const { url, method, headers, body, signal, onConnected } = question
  const address = literalAddress(url.hostname)
  if (address !== undefined && !isAllowed[reachOf(question)](address)) {
    throw Object.assign(new Error('the address is not allowed'), { code: privateAddressCode })
  }
  const reply = request(url, {
    dispatcher: dispatcher.compose(tellConnected(onConnected)),
    method,
    headers: { 'user-agent': 'duologue', ...headers, 'accept-encoding': 'identity' },
    body: body ?? null,
    signal,
  })
  // Before there is a connection, an aborted request is told so only when connecting has succeeded or failed.
  return leaveEarly(reply, signal)
}

function tellConnected(onConnected: () => void): Dispatcher.DispatcherComposeInterceptor {
  return dispatch => (options, handler) => {
    const start = handler.onRequestStart?.bind(handler)
    handler.onRequestStart = (controller, context) => {
      onConnected()
      start?.(controller, context)
    }
    return dispatch(options, handler)
  }
}

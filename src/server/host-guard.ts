import { isIP } from 'node:net'
import { ModelError } from '../core/errors.ts'
import { HttpError } from './http-error.ts'

/** Which names a request may call this server by. */
export interface HostRules {
  /** Names or addresses of the owner's choice, without port. */
  readonly allowedHosts: readonly string[]
}

/** What a request says it was sent to. */
export interface Addressed {
  readonly host: string | undefined
  /** The request line's target: a path, or a whole URI. */
  readonly target: string
  /** The address on which the connection came in. */
  readonly localAddress: string | undefined
}

const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?$/i
const loopbackV4 = /^127\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})$/

/**
 * Refuses a request that was sent to a name that is not ours, as one from a web page is whose own name was made to
 * point here (DNS rebinding). Gives the path and query of the request.
 */
export function checkHost({ host, target, localAddress }: Addressed, { allowedHosts }: HostRules): string {
  const name = hostName(host ?? '')
  if (name === undefined) throw new HttpError(400, 'header host: it must be a host name with an optional port')
  if (!isOurs(name, localAddress, allowedHosts)) {
    throw new ModelError(
      'forbidden',
      `header host: ${JSON.stringify(name)} is not a name of this server; ` +
        'use localhost, or add the name to the allowed hosts in the configuration',
    )
  }
  return pathOf(target, host ?? '')
}

/** Gives the name of a Host header in lower case, without port or brackets; undefined for what is not one. */
export function hostName(host: string): string | undefined {
  const name = hostPattern.exec(host)?.[1]?.toLowerCase()
  if (name === undefined) return undefined
  if (!name.startsWith('[')) return name
  const address = name.slice(1, -1)
  return isIP(address) === 6 ? address : undefined
}

function isOurs(name: string, localAddress: string | undefined, allowed: readonly string[]): boolean {
  if (name === 'localhost' || name === '::1') return true
  if (loopbackV4.test(name) && isIP(name) === 4) return true
  if (allowed.some(candidate => candidate.toLowerCase() === name)) return true
  // An address cannot be rebound, and the one that the connection came in on is ours.
  return isIP(name) !== 0 && name === localAddress?.replace(/^::ffff:/, '')
}

function pathOf(target: string, host: string): string {
  if (target.startsWith('/') || target === '*') return target
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url?.host.toLowerCase() !== withoutDefaultPort(host) || url.username !== '' || url.password !== '') {
    throw new HttpError(400, 'the request line names another host than the header host does; they must agree')
  }
  return `${url.pathname}${url.search}`
}

function withoutDefaultPort(host: string): string {
  return host.toLowerCase().replace(/:80$/, '')
}

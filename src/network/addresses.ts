import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The code of the error for a name that leads to this machine or a private network. */
export const privateAddressCode = 'EPRIVATEADDRESS'

/** Tells whether an address is reached over the public internet. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  // Networks without IPv4 reach every IPv4 host through this prefix, the private ones too.
  if (range === 'rfc6052') return isPublicAddress(parsed.toByteArray().slice(-4).join('.'))
  return range === 'unicast'
}

/** Tells whether a URL's host is this machine, by its literal name. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost') return true
  const address = literalAddress(hostname)
  return address !== undefined && ipaddr.process(address).range() === 'loopback'
}

/* Names without a dot, and those that end so, are given by the machine, its network or a container. */
const privateEndings: ReadonlySet<string> = new Set(['local', 'localhost', 'lan', 'home', 'internal', 'arpa'])

/** Tells whether a URL's host is, as far as it can be read without asking anybody, on the public internet. */
export function isPublicHost(hostname: string): boolean {
  const address = literalAddress(hostname)
  if (address !== undefined) return isPublicAddress(address)
  const labels = hostname.toLowerCase().replace(/\.$/, '').split('.')
  return labels.length > 1 && !privateEndings.has(labels.at(-1) ?? '')
}

/** Gives the address that a URL's host spells out, without brackets, or nothing for a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return ipaddr.isValid(bare) ? bare : undefined
}

/**
 * Resolves names for a connection, and gives only addresses that are allowed. The socket connects to what this gives,
 * so a name that changes between two questions gains nothing.
 */
export function lookupWhere(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '')
      const allowed = addresses.filter(({ address }) => isAllowed(address))
      const [first] = allowed
      if (first === undefined) {
        return callback(Object.assign(new Error('no address that is allowed'), { code: privateAddressCode }), '')
      }
      if (options.all === true) return callback(null, allowed)
      callback(null, first.address, first.family)
    })
  }
}

/** Resolves names for a connection, and gives only public addresses. */
export const lookupPublic: LookupFunction = lookupWhere(isPublicAddress)

const neverAsked: ReadonlySet<string> = new Set(['linkLocal', 'broadcast', 'multicast', 'reserved', '6to4', 'teredo'])

// Where clouds outside the link-local range tell a machine its own secrets.
const metadataAddresses: ReadonlySet<string> = new Set(['fd00:ec2::254', '100.100.100.200', '168.63.129.16'])

/** Tells whether an address may be asked that the owner wrote himself: any, but those where clouds keep secrets. */
export function isOwnersAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (range === 'rfc6052') return isOwnersAddress(parsed.toByteArray().slice(-4).join('.'))
  return !neverAsked.has(range) && !metadataAddresses.has(parsed.toString())
}

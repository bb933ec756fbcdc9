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

/** Gives the address that a URL's host spells out, without brackets, or nothing for a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return ipaddr.isValid(bare) ? bare : undefined
}

/**
 * Resolves names for a connection, and gives only public addresses. The socket connects to what this gives,
 * so a name that changes between two questions gains nothing.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '')
    const allowed = addresses.filter(({ address }) => isPublicAddress(address))
    const [first] = allowed
    if (first === undefined) {
      return callback(Object.assign(new Error('no public address'), { code: privateAddressCode }), '')
    }
    if (options.all === true) return callback(null, allowed)
    callback(null, first.address, first.family)
  })
}

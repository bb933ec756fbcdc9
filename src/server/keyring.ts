import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ModelError } from '../core/errors.ts'
import type { ClientKey } from './client-key.ts'

/** The keys that open this server, known only by their digests. */
export interface Keyring {
  /** How many keys there are. Where there is none, no client needs one. */
  readonly size: number
  /** Gives the key that a client presents; undefined for one that is not of the ring. */
  find(presented: string): ClientKey | undefined
}

/** Gives the keys that hold at this moment: the same list as long as nothing changed. */
export type LiveKeys = () => readonly ClientKey[]

/** Makes a keyring that follows a list of keys. Throws for an empty key, as `createKeyring` does. */
export function followKeys(keys: LiveKeys): Keyring {
  let list = keys()
  let ring = createKeyring(list)
  const current = (): Keyring => {
    const next = keys()
    if (next !== list) [list, ring] = [next, createKeyring(next)]
    return ring
  }
  return {
    get size() {
      return current().size
    },
    find: presented => current().find(presented),
  }
}

/** Makes a keyring. Throws for an empty key, which would open the server to anyone who sends an empty header. */
export function createKeyring(keys: readonly ClientKey[]): Keyring {
  if (keys.some(({ key }) => key.reveal().trim() === '')) {
    throw new ModelError('invalid-request', 'keys: an API key must not be empty; remove it or set one')
  }
  const known = keys.map(key => ({ key, digest: digest(key.key.reveal()) }))
  return {
    size: known.length,
    find: presented => {
      const asked = digest(presented)
      // Every key is compared, so that the time says nothing about which one came near.
      return known.filter(each => timingSafeEqual(each.digest, asked)).at(0)?.key
    },
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * Gives the key that a client presents in `Authorization: Bearer` or in `x-api-key`; undefined where none is needed.
 * Throws `unauthorized` for a client that presents none of the ring.
 */
export function checkKey(headers: IncomingHttpHeaders, keyring: Keyring): ClientKey | undefined {
  if (keyring.size === 0) return undefined
  const presented = presentedKeys(headers)
  const [first, second] = presented
  if (first === undefined) throw unauthorized('send an API key as `Authorization: Bearer` or as `x-api-key`')
  if (second !== undefined && second !== first) {
    throw unauthorized('headers authorization and x-api-key hold different keys; send one of them')
  }
  const key = keyring.find(first)
  if (!key) throw unauthorized('the API key is not valid for this server')
  return key
}

/**
 * Gives what tells a key from all others, and nothing of what it is: a plain digest, since a key is no password but a
 * long random text, of which there are too many to try.
 */
export function digestOf({ key }: Pick<ClientKey, 'key'>): string {
  return digest(key.reveal()).toString('base64url')
}

/** Tells the clients of different keys apart, without saying what their keys are. */
export function callerOf(headers: IncomingHttpHeaders): string {
  return digest(presentedKeys(headers)[0] ?? '').toString('base64url')
}

function presentedKeys(headers: IncomingHttpHeaders): readonly string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const apiKey = headers['x-api-key']
  if (headers.authorization !== undefined && bearer === undefined) {
    throw unauthorized('header authorization: it must be `Bearer <key>`')
  }
  return [bearer, apiKey].filter(key => typeof key === 'string').filter(key => key !== '')
}

function unauthorized(message: string): ModelError {
  return new ModelError('unauthorized', message)
}

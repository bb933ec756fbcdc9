import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ModelError } from '../core/errors.ts'

/** The keys that open this server, known only by their digests. */
export interface Keyring {
  /** Whether there is no key at all, so that no client needs one. */
  readonly isEmpty: boolean
  accepts(key: string): boolean
}

/** Makes a keyring. Throws for an empty key, which would open the server to anyone who sends an empty header. */
export function createKeyring(keys: readonly string[]): Keyring {
  if (keys.some(key => key.trim() === '')) {
    throw new ModelError('invalid-request', 'keys: an API key must not be empty; remove it or set one')
  }
  const digests = keys.map(digest)
  return {
    isEmpty: digests.length === 0,
    accepts: key => {
      const presented = digest(key)
      // Every key is compared, so that the time says nothing about which one came near.
      return digests.reduce((found, known) => timingSafeEqual(known, presented) || found, false)
    },
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** Refuses a client that presents no key of the ring, in `Authorization: Bearer` or in `x-api-key`. */
export function checkKey(headers: IncomingHttpHeaders, keyring: Keyring): void {
  if (keyring.isEmpty) return
  const presented = presentedKeys(headers)
  const [first, second] = presented
  if (first === undefined) throw unauthorized('send an API key as `Authorization: Bearer` or as `x-api-key`')
  if (second !== undefined && second !== first) {
    throw unauthorized('headers authorization and x-api-key hold different keys; send one of them')
  }
  if (!keyring.accepts(first)) throw unauthorized('the API key is not valid for this server')
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

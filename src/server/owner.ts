import { ModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import type { Keyring } from './keyring.ts'
import { isLoopback } from './safe-bind.ts'

/** Tells whether it is the owner who asks. */
export type IsOwners = (exchange: Pick<Exchange, 'key' | 'request'>) => boolean

export interface OwnerChecks {
  /** Whether all clients are one: the owner. */
  readonly isForOne: () => boolean
  /**
   * Whether it is the owner who asks: with a key that says so, or with the only key there is. Where no key is needed,
   * it is who sits at this machine.
   */
  readonly isOwners: IsOwners
}

/** Makes the checks for the owner of a server with these keys. */
export function createOwnerChecks(keyring: Pick<Keyring, 'size'>): OwnerChecks {
  return {
    isForOne: () => keyring.size <= 1,
    isOwners: ({ key, request }) => {
      if (key !== undefined) return key.isOwner === true || keyring.size === 1
      return keyring.size === 0 && isLoopback(request.socket.remoteAddress ?? '')
    },
  }
}

/** The failure of a request that only the owner may make. */
export function notTheOwners({ key }: Pick<Exchange, 'key'>): ModelError {
  const fix =
    key === undefined
      ? 'ask at the machine of the server, or give the server a key'
      : `give the key ${JSON.stringify(key.name)} owner: true in the configuration, or use one that has it`
  return new ModelError('forbidden', `only the owner of the server may do this; ${fix}`)
}

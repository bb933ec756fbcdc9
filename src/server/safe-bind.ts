import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { ModelError } from '../core/errors.ts'

export interface Bind {
  readonly host: string
  readonly keys: readonly string[]
  /** Whether the owner said that anyone may use the server. */
  readonly insecure: boolean
}

/** Refuses to serve other machines without a key: whoever reaches the port could use the models. */
export function assertSafeBind({ host, keys, insecure }: Bind): void {
  if (isLoopback(host) || keys.length > 0 || insecure) return
  throw new ModelError(
    'invalid-request',
    [
      `host: ${JSON.stringify(host)} can be reached from other machines, and no API key is set. Do one of these:`,
      '  1. set a key:             duologue serve --host ADDRESS --key YOUR_KEY',
      '  2. stay on this machine:  duologue serve --host 127.0.0.1',
      '  3. let anyone use it:     duologue serve --host ADDRESS --insecure-no-auth',
    ].join('\n'),
    { field: ['host'] },
  )
}

/** Whether only this machine can reach an address. Of names, only `localhost` is known to be so. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (bare.toLowerCase() === 'localhost') return true
  return isIP(bare) !== 0 && ipaddr.process(bare).range() === 'loopback'
}

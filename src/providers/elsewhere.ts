import type { Elsewhere } from '../core/elsewhere.ts'
import { isLoopbackHost, isPublicHost } from '../network/addresses.ts'
import type { Upstream } from './upstream.ts'

/** Tells where a provider is that counts as local and is not on this machine; nothing for all others. */
export function elsewhereOf({ isLocal, kind, settings, hostname }: Upstream): Elsewhere | undefined {
  if (!isLocal) return undefined
  // A cloud is a kind that answers nobody without a key; what a command starts is here, whatever it speaks like.
  if (kind.needsKey && settings.command === undefined) return 'cloud'
  if (isLoopbackHost(hostname)) return undefined
  return isPublicHost(hostname) ? 'public-address' : 'other-machine'
}

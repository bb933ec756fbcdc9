import { ModelError } from '../../core/errors.ts'
import type { ManagedCommand, ProviderSettings } from '../../core/provider-settings.ts'
import { isLoopbackHost, literalAddress } from '../../network/addresses.ts'
import type { Kind } from '../provider.ts'

/** The settings of a provider that has a command. */
export type ManagedSettings = ProviderSettings & { readonly url: string; readonly command: ManagedCommand }

/** Where an engine is to listen. */
export interface EnginePlace {
  readonly host: string
  /** Absent where any free one will do. */
  readonly port?: number
}

const placeholder = '{port}'

/**
 * Gives the settings of a provider with a command, with the address and the privacy that it has unless its owner says
 * otherwise. Throws `invalid-request` where the address is not of this machine.
 */
export function planEngine(settings: ProviderSettings & Pick<ManagedSettings, 'command'>, kind: Kind): ManagedSettings {
  const url = settings.url ?? (takesPort(settings.command) ? `http://127.0.0.1${kind.path}` : kind.url)
  const parsed = url === undefined ? null : URL.parse(url)
  if (url === undefined || parsed === null || !isLoopbackHost(parsed.hostname)) {
    const fix = `set its url to http://127.0.0.1:PORT, or write ${placeholder} in its arguments`
    throw new ModelError(
      'invalid-request',
      `provider ${settings.id}: what a command starts must answer on this machine; ${fix}`,
    )
  }
  // Another program may be a gateway to somebody else's models.
  return { ...settings, url, isLocal: settings.isLocal ?? kind.isLocalEngine === true }
}

/** Gives where an engine is to listen: at the port of its address, or at any where that has none. */
export function placeOf({ url, command }: ManagedSettings): EnginePlace {
  const { hostname, port, protocol } = new URL(url)
  const host = literalAddress(hostname) ?? '127.0.0.1'
  if (port !== '') return { host, port: Number(port) }
  return takesPort(command) ? { host } : { host, port: protocol === 'https:' ? 443 : 80 }
}

function takesPort({ arguments: words, environment = {} }: ManagedCommand): boolean {
  return [...words, ...Object.values(environment)].some(word => word.includes(placeholder))
}

/** Writes the port where a text asks for it. */
export function withPort(text: string, port: number): string {
  return text.replaceAll(placeholder, String(port))
}

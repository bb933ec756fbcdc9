import { once } from 'node:events'
import { createServer as createListener } from 'node:net'
import { ConfigError } from './config/config.ts'
import type { Config } from './config/config.ts'
import { toModelError } from './core/errors.ts'
import { isServing } from './server/ask-live.ts'
import { assertSafeBind } from './server/safe-bind.ts'
import type { DuologueServer } from './server/server.ts'

/** Throws a `ConfigError` for a public address without keys: a setting that cannot be used, and the shell is told so. */
export function requireSafeBind({ host, keys, allowsNoKeys }: Config): void {
  try {
    assertSafeBind({ host, keys, insecure: allowsNoKeys })
  } catch (error) {
    throw new ConfigError(toModelError(error).message, { cause: error })
  }
}

/** Listens where the configuration says. Throws a `ConfigError` that says why it cannot. */
export async function listen(server: DuologueServer, config: Config): Promise<{ host: string; port: number }> {
  try {
    return await server.listen({ host: config.host, port: config.port })
  } catch (error) {
    throw cannotListen(config, error)
  }
}

const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use; choose another with --port, or stop what listens there',
  EACCES: 'may not be used by this user; choose a port above 1023 with --port',
  EADDRNOTAVAIL: 'is no address of this machine; choose one with --host',
  ENOTFOUND: 'is no address of this machine; choose one with --host',
}

function cannotListen({ host, port }: Config, cause: unknown): ConfigError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return new ConfigError(`${host}:${port} ${listenFailures[code] ?? 'cannot be listened on'}`, { cause })
}

/**
 * Tells whether a server could listen where the configuration says, or one does already. Throws a `ConfigError` that
 * says what stands against it.
 */
export async function tryAddress(config: Config): Promise<string> {
  requireSafeBind(config)
  const { host, port } = config
  const listener = createListener()
  try {
    listener.listen({ host, port })
    await once(listener, 'listening')
    return `${host}:${port} is free`
  } catch (error) {
    if (await isServing(ownUrlOf(config))) return `${host}:${port} is served by Duologue`
    throw cannotListen(config, error)
  } finally {
    listener.close()
  }
}

/** Gives an address as clients write it. */
export function urlOf({ host, port }: { host: string; port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Gives the address at which this machine reaches a server of this configuration. */
export function ownUrlOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  return urlOf({ host: loopbackOf[host] ?? host, port })
}

/* What listens on every address is reached on the machine's own. */
const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

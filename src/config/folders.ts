import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Config } from './config.ts'
import type { Environment } from './environment.ts'

/**
 * The folder of models and of the engine: what the owner set, or the user's data folder as each system has it
 * (XDG Base Directory; Application Support; LocalAppData).
 */
export function dataFolder({ dataDirectory }: Config, environment: Environment): string {
  if (dataDirectory !== undefined) return dataDirectory
  const home = homedir()
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'duologue')
  if (process.platform === 'win32') {
    return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'duologue')
  }
  return join(environment['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'duologue')
}

/** The folder where Hugging Face's own tools keep what they downloaded. */
export function hubCacheFolder({ hubHome }: Config, environment: Environment): string {
  const cache = environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(hubHome ?? join(cache, 'huggingface'), 'hub')
}

/**
 * The configuration file: where the owner says it is, or `duologue.yaml` in the user's configuration folder as each
 * system has it (XDG Base Directory; Application Support; AppData).
 */
export function configFile({ configFile }: Pick<Config, 'configFile'>, environment: Environment): string {
  return resolve(configFile ?? join(configFolder(environment), 'duologue.yaml'))
}

function configFolder(environment: Environment): string {
  const home = homedir()
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'duologue')
  if (process.platform === 'win32') {
    return join(environment['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'duologue')
  }
  return join(orElse(environment['XDG_CONFIG_HOME'], join(home, '.config')), 'duologue')
}

/* The specification has relative paths and empty ones ignored. */
function orElse(path: string | undefined, otherwise: string): string {
  return path !== undefined && isAbsolute(path) ? path : otherwise
}

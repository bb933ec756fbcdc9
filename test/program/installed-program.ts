import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import { takeFolderLock } from '../../src/engine/folder-lock.ts'
import { cacheFolder } from '../support/engine-package.ts'

const run = promisify(execFile)
const folder = join(cacheFolder, 'program')
/* The run of tests that packed last, and what it packed. */
const lastPacked = join(folder, '.packed')
const keptMs = 60 * 60 * 1000

/** The program as its users have it: packed, and installed from the tarball without a clone around it. */
export interface InstalledProgram {
  readonly tarball: string
  /** The installed package. */
  readonly packageFolder: string
  /** The file that the command `duologue` runs. */
  readonly main: string
}

/** Packs the program and installs it, once for every state of the sources and for all tests. */
export async function installedProgram(): Promise<InstalledProgram> {
  await mkdir(folder, { recursive: true })
  const release = await takeFolderLock({ path: join(folder, '.lock'), isDone: async () => false })
  try {
    const { name, tarball } = (await packedInThisRun()) ?? (await pack())
    const place = join(folder, name)
    if (!existsSync(place)) await install(tarball, place)
    await forgetOthers(name)
    return programIn(place, tarball)
  } finally {
    await release?.()
  }
}

/** The program in a folder that a tarball was installed into. */
export function programIn(prefix: string, tarball: string): InstalledProgram {
  const packageFolder = join(prefix, 'node_modules', 'duologue')
  return { tarball, packageFolder, main: join(packageFolder, 'dist', 'main.js') }
}

/** Installs a tarball as a user does who has nothing else in the folder. */
export async function installTarball(tarball: string, prefix: string, flags: readonly string[] = []): Promise<void> {
  await mkdir(prefix, { recursive: true })
  await run('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', ...flags, tarball], { cwd: prefix })
}

interface Packed {
  readonly name: string
  readonly tarball: string
}

async function packedInThisRun(): Promise<Packed | undefined> {
  const [run, name = ''] = (await readFile(lastPacked, 'utf8').catch(() => '')).split(' ')
  const tarball = tarballOf(name)
  return run === inject('run') && existsSync(tarball) ? { name, tarball } : undefined
}

function tarballOf(name: string): string {
  return join(folder, `${name}.tgz`)
}

async function pack(): Promise<Packed> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder]).catch((error: unknown) => {
    // What the build says of the sources is on its standard output.
    throw error instanceof Error && 'stdout' in error ? new Error(`npm pack fails:\n${String(error.stdout)}`) : error
  })
  // npm 11 prints a list of packages; later ones print an object by name.
  const [packed] = Object.values(JSON.parse(stdout) as Readonly<Record<string, { filename: string; shasum: string }>>)
  if (!packed) throw new Error('npm pack reports no package')
  const name = packed.shasum
  const tarball = tarballOf(name)
  await rename(join(folder, packed.filename), tarball)
  await writeFile(lastPacked, `${inject('run')} ${name}`)
  return { name, tarball }
}

async function install(tarball: string, place: string): Promise<void> {
  const draft = `${place}.draft`
  await rm(draft, { recursive: true, force: true })
  await installTarball(tarball, draft, ['--ignore-scripts'])
  await rename(draft, place)
}

/** Removes what was installed from earlier sources. Another run of the tests may still use what is young. */
async function forgetOthers(name: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (other.startsWith(name) || other.startsWith('.')) continue
    const { mtimeMs } = await stat(join(folder, other))
    if (Date.now() - mtimeMs > keptMs) await rm(join(folder, other), { recursive: true, force: true })
  }
}

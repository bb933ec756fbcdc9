import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ModelError } from '../core/errors.ts'
import { narrowLock, readEngineLock } from './engine-lock.ts'
import type { EngineBuild, Machine } from './engine-packages.ts'
import { chooseBuild, engineVersion, packagesFor } from './engine-packages.ts'
import { takeFolderLock } from './folder-lock.ts'
import type { Environment } from './npm-environment.ts'
import { installLocked } from './run-npm.ts'

export interface ProvisionOptions extends Machine {
  /** Where engines are kept. It is made where it is missing. */
  readonly directory: string
  /** What the engine computes with; what the machine can do, where it is absent. */
  readonly build?: EngineBuild
  /** The variables of this process. npm is given only those that it needs. */
  readonly environment: Environment
  readonly onProgress?: (progress: ProvisionProgress) => void
  readonly signal?: AbortSignal
}

/** How far an installation is. `installedBytes` grows while npm unpacks. */
export interface ProvisionProgress {
  readonly phase: 'waiting' | 'installing' | 'done'
  readonly installedBytes: number
}

/** An engine that is ready to be imported. */
export interface ProvisionedEngine {
  readonly build: EngineBuild
  /** The folder of node-llama-cpp. */
  readonly packageDirectory: string
  /** The module to import, as a URL. */
  readonly entry: string
}

/**
 * Gives the engine, installing it with npm on its first use: the one version that Duologue knows, and only the
 * binaries that the machine can run. Processes that ask at the same time share one installation; an interrupted one
 * leaves nothing that counts. Throws a `ModelError` that tells the cause and the cure.
 */
export async function provisionEngine(options: ProvisionOptions): Promise<ProvisionedEngine> {
  const build = options.build ?? chooseBuild(options, existsSync)
  const platformPackages = packagesFor(options, build)
  const place = join(options.directory, `node-llama-cpp-${engineVersion}-${platformPackages[0]}`)
  if (!(await isComplete(place, platformPackages)))
    await explainFailures(install({ ...options, place, platformPackages }))
  options.onProgress?.({ phase: 'done', installedBytes: 0 })
  const packageDirectory = join(place, 'node_modules', 'node-llama-cpp')
  return { build, packageDirectory, entry: pathToFileURL(join(packageDirectory, 'dist', 'index.js')).href }
}

interface Installation extends ProvisionOptions {
  readonly place: string
  readonly platformPackages: readonly string[]
}

async function install(installation: Installation): Promise<void> {
  const { directory, place, platformPackages, signal, onProgress } = installation
  await mkdir(directory, { recursive: true })
  const onWait = () => onProgress?.({ phase: 'waiting', installedBytes: 0 })
  const isDone = async () => isComplete(place, platformPackages)
  const release = await takeFolderLock({ path: `${place}.lock`, isDone, signal, onWait })
  if (!release) return
  try {
    if (!(await isDone())) await installAlone(installation)
  } finally {
    await release()
  }
}

async function installAlone({ place, platformPackages, environment, signal, onProgress }: Installation): Promise<void> {
  onProgress?.({ phase: 'installing', installedBytes: 0 })
  await removeLeftovers(place)
  const folder = `${place}.${randomUUID()}.part`
  await mkdir(folder)
  const { packageJson, lock } = narrowLock(await readEngineLock(), platformPackages)
  await writeFile(join(folder, 'package.json'), JSON.stringify(packageJson))
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock))
  const stopWatching = watchGrowth(folder, onProgress)
  try {
    await installLocked({ folder, environment, signal })
    if (!(await isComplete(folder, platformPackages))) {
      throw new ModelError('unavailable', 'npm installed an incomplete engine; try again')
    }
    await moveInto(place, folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    throw error
  } finally {
    stopWatching()
  }
}

/** Puts a whole installation where others look for it. What is in its place is broken, since nobody could use it. */
async function moveInto(place: string, folder: string): Promise<void> {
  if (existsSync(place)) await rename(place, `${place}.${randomUUID()}.part`)
  await rename(folder, place)
  await removeLeftovers(place)
}

async function removeLeftovers(place: string): Promise<void> {
  const parent = join(place, '..')
  const prefix = place.slice(parent.length + 1)
  for (const name of await readdir(parent)) {
    const isLeftover = name.startsWith(`${prefix}.`) && name.endsWith('.part')
    if (isLeftover) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Whether a folder holds the engine in the right version, with a binary in each of its platform packages. */
async function isComplete(folder: string, platformPackages: readonly string[]): Promise<boolean> {
  const modules = join(folder, 'node_modules')
  const directories = platformPackages.map(name => join(modules, '@node-llama-cpp', name))
  try {
    await stat(join(modules, 'node-llama-cpp', 'dist', 'index.js'))
    const packages = [join(modules, 'node-llama-cpp'), ...directories]
    const versions = await Promise.all(packages.map(versionOf))
    if (versions.some(version => version !== engineVersion)) return false
    return (await Promise.all(directories.map(hasBinary))).every(Boolean)
  } catch {
    return false
  }
}

async function versionOf(directory: string): Promise<unknown> {
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
}

// Packages named "-ext" hold only the libraries that another one's binary needs.
async function hasBinary(directory: string): Promise<boolean> {
  const binary = directory.endsWith('-ext') ? /\.(so|dll)(\.|$)/ : /\.node$/
  const files = await readdir(join(directory, 'bins'), { recursive: true, withFileTypes: true })
  const found = files.find(file => file.isFile() && binary.test(file.name))
  return found !== undefined && (await stat(join(found.parentPath, found.name))).size > 0
}

function watchGrowth(folder: string, onProgress: ProvisionOptions['onProgress']): () => void {
  if (!onProgress) return () => undefined
  const report = async () => onProgress({ phase: 'installing', installedBytes: await sizeOf(folder) })
  const timer = setInterval(() => void report().catch(() => undefined), 1000)
  return () => clearInterval(timer)
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name)).catch(() => ({ size: 0 }))).size
  }
  return bytes
}

async function explainFailures(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (error instanceof ModelError || !(error instanceof Error)) throw error
    if (error.name === 'AbortError')
      throw new ModelError('aborted', 'the installation of the engine was cancelled', { cause: error })
    const code = 'code' in error ? String(error.code) : ''
    const cure = code === 'ENOSPC' ? 'free some disk space' : 'check that its folder can be written'
    throw new ModelError('unavailable', `the engine could not be installed (${code}); ${cure} and try again`, {
      cause: error,
    })
  }
}

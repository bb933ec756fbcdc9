import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { engineVersion } from './engine-packages.ts'

const lockedPackage = z.looseObject({
  version: z.string().optional(),
  integrity: z.string().optional(),
  optional: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
})

type LockedPackage = z.infer<typeof lockedPackage>

const engineLock = z.looseObject({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), lockedPackage),
})

/** A lock file of npm: every package of the engine by its exact version and the hash of its content. */
export type EngineLock = z.infer<typeof engineLock>

/** Reads the lock file that ships with Duologue. It names packages for every platform, and no registry. */
export async function readEngineLock(): Promise<EngineLock> {
  const shipped = new URL('../../engine/package-lock.json', import.meta.url)
  return engineLock.parse(JSON.parse(await readFile(shipped, 'utf8')))
}

/** What npm installs an engine from. */
export interface EngineManifest {
  readonly packageJson: object
  readonly lock: EngineLock
}

/**
 * Narrows the lock to some platform packages, which become required; every other optional package goes.
 * Left as they are, npm would load all of them that the system can run: ten times as much.
 */
export function narrowLock(lock: EngineLock, platformPackages: readonly string[]): EngineManifest {
  const required = platformPackages.map(name => `@node-llama-cpp/${name}`)
  const names = ['node-llama-cpp', ...required].toSorted()
  const root = {
    name: 'duologue-engine',
    version: engineVersion,
    private: true,
    dependencies: Object.fromEntries(names.map(name => [name, engineVersion])),
  }
  const kept = Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && entry.optional !== true)
    .map(([path, entry]) => [path, withoutOptions(entry)] as const)
  const added = required.map(name => {
    const entry = lock.packages[`node_modules/${name}`]
    if (!entry) throw new Error(`the engine's lock file lacks ${name}`)
    return [`node_modules/${name}`, withoutOptions(entry)] as const
  })
  return { packageJson: root, lock: { ...lock, packages: { '': root, ...Object.fromEntries([...kept, ...added]) } } }
}

// npm refuses a lock file whose packages ask for optional ones that it lacks.
function withoutOptions(entry: LockedPackage): LockedPackage {
  const { optional: _, optionalDependencies: __, ...required } = entry
  return required
}

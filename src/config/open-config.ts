import { ConfigError, mergeConfig } from './config.ts'
import type { Flags, Snapshot } from './config.ts'
import type { Environment } from './environment.ts'
import { formatFaults } from './fault.ts'
import type { Fault } from './fault.ts'
import type { FileReading } from './file-reading.ts'
import { configFile } from './folders.ts'
import { lostKeyWarnings } from './given-keys.ts'
import { readConfigFile } from './read-file.ts'
import type { RulesCheck } from './rules.ts'

/** Where a configuration comes from. */
export interface ConfigPlace {
  readonly flags: Flags
  readonly environment: Environment
  /** Looks at the rules of the file; without it, they are only read. */
  readonly check?: RulesCheck
}

/** What became of reading a whole configuration: flags, variables and the file. */
export type Reading = ReadingOfFile &
  (
    | { readonly type: 'snapshot'; readonly snapshot: Snapshot; readonly warnings: readonly Fault[] }
    | { readonly type: 'faulty'; readonly faults: readonly Fault[] }
  )

interface ReadingOfFile {
  readonly path: string
  /** Whether there is a file. Without one, flags, variables and defaults are the configuration. */
  readonly hasFile: boolean
  /** Equal for two readings where nothing changed between them. */
  readonly revision: string
  /** The file and those that it refers to. */
  readonly files: readonly string[]
}

/** Reads the configuration, and tells all that is wrong with it rather than to throw. */
export async function readConfig({ flags, environment, check }: ConfigPlace): Promise<Reading> {
  const { path, isNamed } = findFile({ flags, environment })
  const file = await readConfigFile(path, environment, check)
  const { revision, files } = file
  const about = { path, hasFile: file.type !== 'absent', revision, files }
  const merged = mergeConfig({ flags, environment, ...(file.type === 'content' && { file: file.content }) })
  const faults = [
    ...(file.type === 'faulty' ? file.faults : []),
    ...(file.type === 'absent' && isNamed ? [{ message: `the configuration file ${path} is not there` }] : []),
    ...(merged.type === 'faulty' ? merged.faults : []),
  ]
  if (merged.type === 'faulty' || faults.length > 0) return { type: 'faulty', faults, ...about }
  return { ...merged, warnings: warningsAbout(file, merged.snapshot), ...about }
}

function warningsAbout(file: FileReading, { rules, sources }: Snapshot): readonly Fault[] {
  if (file.type !== 'content') return []
  const { keys: inFile } = file.content.rules
  const lost = inFile === undefined ? [] : lostKeyWarnings(rules.keys, { inFile, source: sources.keys })
  return [...file.warnings, ...lost]
}

/** Reads the configuration. Throws a `ConfigError` that tells every fault. */
export async function openConfig(place: ConfigPlace): Promise<Snapshot> {
  const reading = await readConfig(place)
  if (reading.type === 'faulty') throw new ConfigError(formatFaults(reading.faults))
  return reading.snapshot
}

/** Finds the configuration file, and whether the owner named it or it is looked for in its usual place. */
export function findFile({ flags, environment }: Omit<ConfigPlace, 'check'>): {
  readonly path: string
  readonly isNamed: boolean
} {
  const named = flags.configFile ?? environment['DUOLOGUE_CONFIG_FILE'] ?? ''
  const isNamed = typeof named === 'string' && named !== ''
  return { path: configFile({ configFile: isNamed ? named : undefined }, environment), isNamed }
}

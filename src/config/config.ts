import type * as z from 'zod'
import type { ClientKey } from './client-keys.ts'
import type { Environment } from './environment.ts'
import { formatFaults } from './fault.ts'
import type { Fault, Place } from './fault.ts'
import { freeze } from './freeze.ts'
import { keysOfWords } from './given-keys.ts'
import type { FileContent, FileSetting } from './parse-file.ts'
import type { Rules } from './rules.ts'
import { ownWords } from './schema-faults.ts'
import type { Setting } from './setting.ts'
import { settingNames, settings } from './settings.ts'
import type { SettingName } from './settings.ts'

type Settings = typeof settings

/** What a setting holds: absent where it has no fallback and nobody set it. */
type Value<S extends Setting> = S extends { readonly fallback: unknown }
  ? z.output<S['schema']>
  : z.output<S['schema']> | undefined

/** Every setting's value, frozen. */
export type Config = { readonly [Name in SettingName]: Value<Settings[Name]> }

/** Where a value came from: `default`, a flag, a variable, or a file with its line. */
export type Sources = Readonly<Record<SettingName, string>>

/** Everything that the owner set, at one moment. It never changes; a change of the file makes another one. */
export interface Snapshot {
  readonly config: Config
  readonly sources: Sources
  readonly rules: Rules
  /** The file that it was read from; absent where there was none. */
  readonly file?: string
}

/** A configuration that cannot be used. The message names each source, what is wrong and what is wanted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Settings given on the command line. */
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>

/** What the configuration is made of, the first of them going before the others. */
export interface Origins {
  readonly flags: Flags
  readonly environment: Environment
  readonly file?: FileContent
}

/**
 * Makes the configuration from flags and the environment alone, flags first. An empty variable counts as absent.
 * Throws a `ConfigError` that tells every value that is not what its setting wants.
 */
export function loadConfig(flags: Flags, environment: Environment): Snapshot {
  const merged = mergeConfig({ flags, environment })
  if (merged.type === 'faulty') throw new ConfigError(formatFaults(merged.faults))
  return merged.snapshot
}

export type Merged =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'faulty'; readonly faults: readonly Fault[] }

/** Makes the configuration: flags go before variables, variables before the file, and the file before defaults. */
export function mergeConfig(origins: Origins): Merged {
  const found = settingNames.map(name => ({ name, ...find(name, origins) }))
  const faults = found.flatMap(({ fault }) => (fault === undefined ? [] : [{ message: fault }]))
  if (faults.length > 0) return { type: 'faulty', faults }
  const sources = Object.fromEntries(found.map(({ name, source }) => [name, source]))
  const values = Object.fromEntries(found.map(({ name, value }) => [name, value]))
  const keys = keysOf(found.find(({ name }) => name === 'keys')?.value, origins.file?.rules.keys)
  const config = { ...values, keys: keys.map(({ key }) => key.reveal()) }
  const rules: Rules = { ...(origins.file?.rules ?? noRules), keys }
  const snapshot = { config, sources, rules, ...(origins.file && { file: origins.file.path }) }
  // The table of settings gives each name its schema, and every value here went through it.
  // oxlint-disable-next-line no-unsafe-type-assertion
  return { type: 'snapshot', snapshot: freeze(snapshot) as unknown as Snapshot }
}

const noRules = { models: [], providers: [], aliases: [], routes: [] } as const

interface Found {
  readonly value?: unknown
  readonly source: string
  readonly fault?: string
}

function find(name: SettingName, { flags, environment, file }: Origins): Found {
  const setting: Setting = settings[name]
  const flag = flags[name]
  if (flag !== undefined) return read(setting, flag, setting.flag ?? name)
  const spelling = spellings(setting).find(variable => (environment[variable] ?? '') !== '')
  if (spelling !== undefined) return read(setting, environment[spelling], spelling)
  const inFile: FileSetting | undefined = file?.settings[name]
  if (inFile !== undefined) return { value: inFile.value, source: sourceOf(inFile.place) }
  // Fallbacks are written as an owner would write them.
  return setting.fallback === undefined ? { source: 'default' } : read(setting, setting.fallback, 'default')
}

function sourceOf({ file, line }: Place): string {
  return `${file}:${line}`
}

/* Proxies are told in lower case as often as in upper case. */
function spellings({ variable }: Setting): readonly string[] {
  if (variable === undefined) return []
  return variable.endsWith('_PROXY') ? [variable, variable.toLowerCase()] : [variable]
}

function read({ schema, isSecret }: Setting, value: unknown, source: string): Found {
  const parsed = schema.safeParse(value, { error: ownWords })
  if (parsed.success) return { value: parsed.data, source }
  const shown = isSecret === true ? '' : ` ${JSON.stringify(value)}`
  const wrong = parsed.error.issues[0]?.message ?? 'it is of the wrong kind'
  return { source, fault: `${source}${shown} is not usable: ${wrong}` }
}

/* Keys of a file have names; those of flags and variables are words. */
function keysOf(value: unknown, inFile: readonly ClientKey[] = []): readonly ClientKey[] {
  if (!Array.isArray(value)) return []
  const keys: readonly unknown[] = value
  const words = keys.filter(key => typeof key === 'string')
  // oxlint-disable-next-line no-unsafe-type-assertion -- what is no word came from the file's own schema
  return words.length === keys.length ? keysOfWords(words, inFile) : (keys as readonly ClientKey[])
}

import type * as z from 'zod'
import { settingNames, settings } from './settings.ts'
import type { Setting, SettingName } from './settings.ts'

type Settings = typeof settings

/** What a setting holds: absent where it has no fallback and nobody set it. */
type Value<S extends Setting> = S extends { readonly fallback: unknown }
  ? z.output<S['schema']>
  : z.output<S['schema']> | undefined

/** Every setting's value, frozen. */
export type Config = { readonly [Name in SettingName]: Value<Settings[Name]> }

/** Where a value came from: `default`, a flag or a variable. */
export type Sources = Readonly<Record<SettingName, string>>

export interface LoadedConfig {
  readonly config: Config
  readonly sources: Sources
}

/** A setting that cannot be used. The message names its source, what is wrong and what is wanted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Makes the configuration from flags and the environment, flags first. An empty variable counts as absent.
 * Throws a `ConfigError` for a value that is not what its setting wants.
 */
export function loadConfig(
  flags: Readonly<Partial<Record<SettingName, unknown>>>,
  environment: Environment,
): LoadedConfig {
  const found = settingNames.map(name => ({ name, ...find(name, flags[name], environment) }))
  const config = Object.fromEntries(found.map(({ name, value }) => [name, value]))
  const sources = Object.fromEntries(found.map(({ name, source }) => [name, source]))
  // The table of settings gives each name its schema, and every value here went through it.
  // oxlint-disable-next-line no-unsafe-type-assertion
  return Object.freeze({ config: Object.freeze(config), sources: Object.freeze(sources) }) as LoadedConfig
}

function find(name: SettingName, flag: unknown, environment: Environment): { value: unknown; source: string } {
  const setting: Setting = settings[name]
  if (flag !== undefined) return { value: read(setting, flag, setting.flag ?? name), source: setting.flag ?? name }
  const spelling = spellings(setting).find(variable => (environment[variable] ?? '') !== '')
  if (spelling === undefined) return { value: readFallback(setting), source: 'default' }
  return { value: read(setting, environment[spelling], spelling), source: spelling }
}

/* Fallbacks are written as an owner would write them. */
function readFallback(setting: Setting): unknown {
  return setting.fallback === undefined ? undefined : read(setting, setting.fallback, 'default')
}

/* Proxies are told in lower case as often as in upper case. */
function spellings({ variable }: Setting): readonly string[] {
  if (variable === undefined) return []
  return variable.endsWith('_PROXY') ? [variable, variable.toLowerCase()] : [variable]
}

function read({ schema, isSecret }: Setting, value: unknown, source: string): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const shown = isSecret ? '' : ` ${JSON.stringify(value)}`
  const wrong = parsed.error.issues[0]?.message ?? 'it is of the wrong kind'
  throw new ConfigError(`${source}${shown} is not usable: ${wrong}`)
}

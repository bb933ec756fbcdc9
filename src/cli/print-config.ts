import type { Snapshot } from '../config/config.ts'
import { formatBytes } from '../core/bytes.ts'
import { fileKeyOf } from '../config/setting.ts'
import type { Setting } from '../config/setting.ts'
import { settingNames, settings } from '../config/settings.ts'
import type { SettingName } from '../config/settings.ts'
import type { Output } from './output.ts'
import { formatPairs, formatTable } from './table.ts'

interface Row {
  readonly name: string
  readonly value: unknown
  readonly source: string
}

/** Writes a configuration as it is in force, with the source of every value and without its secrets. */
export function printConfig(
  snapshot: Snapshot,
  { output, isJson }: { readonly output: Output; readonly isJson: boolean },
): void {
  const { file, rules } = snapshot
  const rows = settingNames.map(name => rowOf(name, snapshot))
  if (isJson) {
    const named = rows.map(({ name, value, source }) => [name, { value, source }])
    // A secret writes only that there is one. A variable of a process may be one without being told as such.
    const providers = rules.providers.map(({ command, ...provider }) => ({
      ...provider,
      ...(command && { command: { ...command, environment: Object.keys(command.environment ?? {}) } }),
    }))
    return output.printJson({ file, settings: Object.fromEntries(named), ...rules, providers })
  }
  output.print(
    formatTable(rows, [
      { title: 'SETTING', of: ({ name }) => name },
      { title: 'VALUE', of: ({ value }) => shown(value) },
      { title: 'SOURCE', of: ({ source }) => source },
    ]),
  )
  output.print('')
  output.print(formatPairs(sections(snapshot)))
}

function rowOf(name: SettingName, { config, sources }: Snapshot): Row {
  const setting: Setting = settings[name]
  const value: unknown = config[name]
  const isSecret = setting.isSecret === true && value !== setting.openWord
  const isHidden = isSecret && value !== undefined && [value].flat().length > 0
  const hidden = Array.isArray(value) ? value.map(() => '[secret]') : '[secret]'
  return { name: nameOf(setting), value: isHidden ? hidden : written(name, value), source: sources[name] }
}

function nameOf(setting: Setting): string {
  return fileKeyOf(setting) ?? setting.flag?.slice(2) ?? setting.variable ?? ''
}

/* As it would be set: a bare number of milliseconds or bytes says little. */
function written(name: SettingName, value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY) return 'never'
  if (typeof value === 'number' && name.endsWith('Ms')) return `${value / 1000}s`
  return typeof value === 'number' && name.endsWith('Bytes') ? formatBytes(value) : value
}

function shown(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map(shown).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function sections({ rules, file }: Snapshot): readonly (readonly [string, string | undefined])[] {
  return [
    ['File', file ?? 'none'],
    ['Models', names(rules.models.map(({ model }) => model))],
    ['Providers', names(rules.providers.map(({ id }) => id))],
    ['Aliases', names(rules.aliases.map(({ alias, model }) => `${alias.text} (${alias.type}) → ${model}`))],
    ['Routes', names(rules.routes.map(({ name }) => name))],
    ['Keys', names(rules.keys.map(({ name }) => name))],
  ]
}

function names(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ')
}

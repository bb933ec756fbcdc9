import { isDeepStrictEqual } from 'node:util'
import { Secret } from '../core/secret.ts'
import type { Snapshot } from './config.ts'
import type { Rules } from './rules.ts'
import { settingNames } from './settings.ts'
import type { SettingName } from './settings.ts'

/** What differs between two configurations: settings by name, and sections. */
export interface Changes {
  readonly settings: readonly SettingName[]
  readonly sections: readonly (keyof Rules)[]
}

const sectionNames = ['models', 'providers', 'aliases', 'routes', 'keys'] as const satisfies readonly (keyof Rules)[]

/** Compares two configurations. Secrets are compared by what they are, not by how they show. */
export function changesBetween(before: Snapshot, after: Snapshot): Changes {
  return {
    settings: settingNames.filter(name => isChanged(before.config[name], after.config[name])),
    sections: sectionNames.filter(name => isChanged(before.rules[name], after.rules[name])),
  }
}

function isChanged(before: unknown, after: unknown): boolean {
  return !isDeepStrictEqual(opened(before), opened(after))
}

/* A secret shows nothing of itself, to a comparison neither. */
function opened(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() }
  if (Array.isArray(value)) return value.map(opened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, opened(field)]))
}

import { dirname, resolve } from 'node:path'
import type { Fault, Place } from './fault.ts'
import { fileSchema } from './file-schema.ts'
import type { FileSections } from './file-schema.ts'
import type { FileTree, Path } from './file-tree.ts'
import { keyNameFaults } from './key-names.ts'
import { createKnownKeys } from './known-keys.ts'
import type { Setting } from './setting.ts'
import type { ModelSettings } from './model-settings.ts'
import type { FileRules } from './rules.ts'
import { faultsOf, ownWords } from './schema-faults.ts'
import { fileKeyOf } from './setting.ts'
import { settingNames, settings } from './settings.ts'
import type { SettingName } from './settings.ts'

/** A value that the file gives a setting, and where it stands. */
export interface FileSetting {
  readonly value: unknown
  readonly place: Place
}

/** What a file says. */
export interface FileContent {
  /** Where the file is. */
  readonly path: string
  readonly settings: Readonly<Partial<Record<SettingName, FileSetting>>>
  readonly rules: FileRules
}

export type ParsedFile =
  | { readonly type: 'content'; readonly content: FileContent }
  | { readonly type: 'faulty'; readonly faults: readonly Fault[] }

/** Makes settings and rules of a tree of YAML. An empty file says nothing, and that is no fault. */
export function parseFile(tree: FileTree, file: string): ParsedFile {
  const parsed = fileSchema.safeParse(tree.value ?? {}, { error: ownWords })
  const ofSchema = parsed.success ? [] : faultsOf(parsed.error.issues, tree, createKnownKeys())
  const faults = [...tree.faults, ...ofSchema]
  if (!parsed.success || faults.length > 0) return { type: 'faulty', faults: faults.toSorted(byPlace) }
  // The table of settings says what else is in it, key by key.
  const values: FileSections & Readonly<Record<string, unknown>> = parsed.data
  const rules = rulesOf(values, dirname(file))
  const ofNames = [...repeatedNames(rules.routes, tree), ...keyNameFaults(tree, rules)]
  if (ofNames.length > 0) return { type: 'faulty', faults: ofNames.toSorted(byPlace) }
  return { type: 'content', content: { path: file, settings: settingsOf(values, tree), rules } }
}

function byPlace(a: Fault, b: Fault): number {
  const line = (a.place?.line ?? 0) - (b.place?.line ?? 0)
  return line === 0 ? (a.place?.column ?? 0) - (b.place?.column ?? 0) : line
}

function repeatedNames(routes: readonly { readonly name: string }[], tree: FileTree): readonly Fault[] {
  const names = routes.map(({ name }) => name)
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            message: `routes[${index}].name "${name}" is not usable: a rule before it has this name`,
            place: tree.placeOf(['routes', index, 'name']),
          },
        ],
  )
}

function settingsOf(values: FileSections & Readonly<Record<string, unknown>>, tree: FileTree): FileContent['settings'] {
  const found = settingNames.flatMap((name): readonly (readonly [SettingName, FileSetting])[] => {
    const setting: Setting = settings[name]
    const key = fileKeyOf(setting)
    const value = key === undefined ? undefined : values[key]
    return key === undefined || value === undefined ? [] : [[name, { value, place: tree.placeOfKey([key]) }]]
  })
  const models = Object.entries(values.models ?? {})
  const marked = (mark: 'isExpected' | 'isPinned'): readonly string[] =>
    models.filter(([, model]) => model[mark] === true).map(([name]) => name)
  return {
    ...Object.fromEntries(found),
    ...withMarked('models', { names: marked('isExpected'), found, place: path => tree.placeOfKey(path) }),
    ...withMarked('pinnedModels', { names: marked('isPinned'), found, place: path => tree.placeOfKey(path) }),
  }
}

interface Marked {
  readonly names: readonly string[]
  readonly found: readonly (readonly [SettingName, FileSetting])[]
  readonly place: (path: Path) => Place
}

/* What single models say of themselves counts as if it stood in the list. */
function withMarked(
  name: 'models' | 'pinnedModels',
  { names, found, place }: Marked,
): Partial<Record<SettingName, FileSetting>> {
  const [first] = names
  if (first === undefined) return {}
  const listed = found.find(([other]) => other === name)?.[1]
  const earlier: unknown = listed?.value
  const all = new Set<unknown>([...(Array.isArray(earlier) ? earlier : []), ...names])
  return { [name]: { value: [...all], place: listed?.place ?? place(['models', first]) } }
}

function rulesOf(values: FileSections, folder: string): FileRules {
  return {
    models: Object.entries(values.models ?? {}).map(([model, settings]) => withPaths({ model, ...settings }, folder)),
    providers: Object.entries(values.providers ?? {}).map(([id, provider]) => ({ id, kind: id, ...provider })),
    aliases: values.aliases ?? [],
    routes: values.routes ?? [],
    ...(values.keys !== undefined && { keys: values.keys }),
  }
}

function withPaths(settings: ModelSettings, folder: string): ModelSettings {
  const { adapters } = settings
  if (adapters === undefined) return settings
  return { ...settings, adapters: adapters.map(({ path, scale }) => ({ path: resolve(folder, path), scale })) }
}

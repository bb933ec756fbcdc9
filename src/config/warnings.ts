import type { Fault, Place } from './fault.ts'
import type { FileTree, Path } from './file-tree.ts'
import type { FileRules } from './rules.ts'
import { keyNameWarnings } from './key-names.ts'
import { pathText } from './schema-faults.ts'
import { isOpenWord, isSecretPath } from './secret-paths.ts'

/** Tells what can be used and yet may not be meant: secrets in the open, and names that lead nowhere. */
export function warningsOf(
  tree: FileTree,
  rules: FileRules,
  { file, mode }: { file: string; mode: number },
): readonly Fault[] {
  const secrets = plainSecrets(tree.value, [], tree)
  return [
    ...secrets.map(path => ({
      message: `${pathText(path)} stands here in plain text; write \${NAME} of a variable or file:PATH instead`,
      place: tree.placeOf(path),
    })),
    ...(secrets.length > 0 ? readable({ file, line: 1, column: 1 }, mode) : []),
    ...unknownProviders(tree, rules),
    ...keyNameWarnings(tree, rules),
  ]
}

function plainSecrets(value: unknown, path: Path, tree: FileTree): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => plainSecrets(item, [...path, index], tree))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, item]) => plainSecrets(item, [...path, name], tree))
  }
  if (typeof value !== 'string' || !isSecretPath(path) || tree.isReference(path)) return []
  return isOfKey(path) || isOpenWord(path, value) ? [] : [path]
}

/* Beside a key of the list stand its name and its priority. */
function isOfKey([section, , field]: Path): boolean {
  return section === 'keys' && field !== undefined && field !== 'key'
}

function readable(place: Place, mode: number): readonly Fault[] {
  // Windows tells nothing of others in the mode.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return []
  return [{ message: `others may read this file, which holds secrets; run chmod 600 ${place.file}`, place }]
}

function unknownProviders(tree: FileTree, { providers, routes }: FileRules): readonly Fault[] {
  const known = new Set(['local', ...providers.map(({ id }) => id)])
  return routes.flatMap(({ targets }, route) =>
    targets.flatMap(({ provider }, index) =>
      known.has(provider)
        ? []
        : [
            {
              message: `routes[${route}].targets[${index}] names the provider "${provider}", which is not in this file`,
              place: tree.placeOf(['routes', route, 'targets', index]),
            },
          ],
    ),
  )
}

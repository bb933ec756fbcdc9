import { isPlaceName } from '../core/place-name.ts'
import type { Fault, Place } from './fault.ts'
import type { FileTree } from './file-tree.ts'
import type { FileRules } from './rules.ts'

type Keyed = Pick<FileRules, 'keys' | 'routes'>

/** Tells the names of keys in rules that cannot stand. */
export function keyNameFaults(tree: FileTree, rules: Keyed): readonly Fault[] {
  return doubtfulNames(tree, rules).filter(({ isFault }) => isFault)
}

/** Tells the names of keys in rules that lead nowhere, or that may lead to another key one day. */
export function keyNameWarnings(tree: FileTree, rules: Keyed): readonly Fault[] {
  return doubtfulNames(tree, rules).filter(({ isFault }) => !isFault)
}

interface Doubt {
  readonly why: string
  readonly isFault: boolean
}

function doubtfulNames(tree: FileTree, { keys, routes }: Keyed): readonly (Fault & Pick<Doubt, 'isFault'>)[] {
  const known = keys?.map(({ name }) => name)
  return routes.flatMap(({ match, isLocalOnly = false }, route) =>
    (match.keys ?? []).flatMap((name, index) => {
      const doubt = doubtAbout({ name, isLocalOnly }, known)
      if (doubt === undefined) return []
      const place: Place = tree.placeOf(['routes', route, 'match', 'keys', index])
      const message = `routes[${route}].match.keys[${index}] names the key "${name}", ${doubt.why}`
      return [{ message, place, isFault: doubt.isFault }]
    }),
  )
}

/* Names come from the list alone, wherever the keys themselves were given; without a list there are only places. */
function doubtAbout(
  { name, isLocalOnly }: { readonly name: string; readonly isLocalOnly: boolean },
  known: readonly string[] | undefined,
): Doubt | undefined {
  if (isPlaceName(name)) {
    const why = 'which is only its place, and another key’s when keys come or go; give the key a name in keys'
    return { why, isFault: known !== undefined }
  }
  if (known?.includes(name) === true) return undefined
  const why = 'which is not in this file'
  // A rule that is to keep requests here and never holds would let them go, and say nothing of it.
  return isLocalOnly
    ? { why: `${why}, so nothing of that key would stay here`, isFault: true }
    : { why, isFault: false }
}

import { isPlaceName } from '../core/place-name.ts'
import type { Fault, Place } from './fault.ts'
import type { FileTree } from './file-tree.ts'
import type { FileRules } from './rules.ts'

type Keyed = Pick<FileRules, 'keys' | 'routes'>

/**
 * Tells the names of keys in rules that cannot stand: one that keeps requests here and leads to no key would keep none,
 * and says nothing of it. Names come from the list of keys alone, wherever the keys themselves were given.
 */
export function keyNameFaults(tree: FileTree, rules: Keyed): readonly Fault[] {
  return namesIn(tree, rules)
    .filter(({ isKnown, isLocalOnly, name }) => !isKnown && isLocalOnly && !isPossible(name, rules))
    .map(({ what, place }) => ({ message: `${what}, so this rule would keep none of its requests here`, place }))
}

/** Tells the names of keys in rules that lead nowhere. */
export function keyNameWarnings(tree: FileTree, rules: Keyed): readonly Fault[] {
  return namesIn(tree, rules)
    .filter(({ isKnown }) => !isKnown)
    .map(({ what, place }) => ({ message: what, place }))
}

/* Without a list, keys of a flag or a variable are called by their places. */
function isPossible(name: string, { keys }: Keyed): boolean {
  return keys === undefined && isPlaceName(name)
}

interface UsedName {
  readonly name: string
  readonly isKnown: boolean
  readonly isLocalOnly: boolean
  readonly what: string
  readonly place: Place
}

function namesIn(tree: FileTree, { keys, routes }: Keyed): readonly UsedName[] {
  const known = new Set(keys?.map(({ name }) => name))
  return routes.flatMap(({ match, isLocalOnly = false }, route) =>
    (match.keys ?? []).map((name, index) => ({
      name,
      isKnown: known.has(name),
      isLocalOnly,
      what: `routes[${route}].match.keys[${index}] names the key "${name}", which is not in this file`,
      place: tree.placeOf(['routes', route, 'match', 'keys', index]),
    })),
  )
}

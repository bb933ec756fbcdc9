import type * as z from 'zod'
import { nearestNames } from '../core/nearest-names.ts'
import { secretIn } from '../core/open-address.ts'
import type { Fault } from './fault.ts'
import type { FileTree, Path } from './file-tree.ts'
import type { RuleFault } from './rules.ts'
import { isSecretPath } from './secret-paths.ts'

type Issue = z.core.$ZodIssue

const ofWrongKind = 'it is of the wrong kind'

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'yes or no',
  array: 'a list',
  object: 'a map of names and values',
  record: 'a map of names and values',
}

/** Our own words for a fault of which a schema says nothing itself. */
export function ownWords(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') return wrongType(issue)
  if (issue.code === 'invalid_value') return `it must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_small' && Number(issue.minimum) === 1) return 'it must not be empty'
  return ofWrongKind
}

function wrongType({ input, expected }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  if (input === undefined) return 'it is missing'
  if (input === null) return 'it has no value; write one, or remove the line'
  return `it must be ${kinds[expected] ?? expected}`
}

/** Tells every fault that a schema found in a file, each at its place. */
export function faultsOf(
  issues: readonly Issue[],
  tree: FileTree,
  known: (path: Path) => readonly string[],
): readonly Fault[] {
  return issues.flatMap(issue => innermost(issue)).flatMap(issue => toFaults(issue, tree, known))
}

/* A union says only that nothing fits. What fits in kind says what is wrong in it. */
function innermost(issue: Issue): readonly Issue[] {
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    const message = issue.issues[0]?.message ?? ofWrongKind
    return [{ code: 'custom', path: issue.path, message, params: { isKey: true } }]
  }
  if (issue.code !== 'invalid_union' || issue.message !== ofWrongKind) return [issue]
  const branches = issue.errors.map(branch => branch.map(inner => ({ ...inner, path: [...issue.path, ...inner.path] })))
  const isOfKind = (branch: readonly Issue[]): boolean =>
    !branch.some(inner => inner.code === 'invalid_type' && inner.path.length === issue.path.length)
  return branches.find(isOfKind)?.flatMap(inner => innermost(inner)) ?? [issue]
}

function toFaults(issue: Issue, tree: FileTree, known: (path: Path) => readonly string[]): readonly Fault[] {
  const path = issue.path.filter(step => typeof step !== 'symbol')
  if (tree.isFaulty(path)) return []
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      message: unknownKey(key, path, known(path)),
      place: tree.placeOfKey([...path, key]),
    }))
  }
  const isKey = issue.code === 'custom' && issue.params?.['isKey'] === true
  return [
    {
      message: `${pathText(path)}${shown(tree, path, isKey)} is not usable: ${issue.message}`,
      place: isKey ? tree.placeOfKey(path) : tree.placeOf(path),
    },
  ]
}

/** Tells a fault of the rules at its place in the file. */
export function toFault({ path, isKey, problem }: RuleFault, tree: FileTree): Fault {
  return {
    message: `${pathText(path)}${shown(tree, path, isKey)} ${problem}`,
    place: isKey ? tree.placeOfKey(path) : tree.placeOf(path),
  }
}

function unknownKey(key: string, path: Path, known: readonly string[]): string {
  const where = path.length === 0 ? '' : ` in ${pathText(path)}`
  const [nearest] = nearestNames(key, known)
  const advice = nearest === undefined ? `; known here are ${known.join(', ')}` : `; did you mean "${nearest}"?`
  return `"${cut(key)}"${where} is not known${known.length === 0 ? '' : advice}`
}

/** A path as people write it: `routes[0].targets`. */
export function pathText(path: Path): string {
  if (path.length === 0) return 'the file'
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${cut(step)}`))
    .join('')
}

/* What a reference stands for may be a secret that got into the wrong place. */
function shown(tree: FileTree, path: Path, isKey: boolean): string {
  if (isKey || path.length === 0 || isSecretPath(path) || tree.isReference(path)) return ''
  const value = path.reduce<unknown>((from, step) => Reflect.get(Object(from), step), tree.value)
  if (typeof value === 'string') return secretIn(value) ? '' : ` ${JSON.stringify(cut(value))}`
  return typeof value === 'number' || typeof value === 'boolean' ? ` ${value}` : ''
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

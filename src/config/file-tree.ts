import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Pair, ParsedNode } from 'yaml'
import type { Fault, Place } from './fault.ts'
import type { References } from './references.ts'
import { yamlFaults } from './yaml-faults.ts'
import { tooMuchOf } from './yaml-limits.ts'

/** Names and indices that lead from the root to a value. */
export type Path = readonly (string | number)[]

/** A file's values, with the place of each. */
export interface FileTree {
  /** Maps, lists, text, numbers, yes and no, with every reference resolved. */
  readonly value: unknown
  readonly faults: readonly Fault[]
  /** Where a value stands; for one that is missing, where its map stands. */
  placeOf(path: Path): Place
  /** Where the name of a value stands. */
  placeOfKey(path: Path): Place
  /** Whether a text was written as a reference to a variable or a file, so that the file itself does not hold it. */
  isReference(path: Path): boolean
  /** Whether a fault was told of a value, so that nothing more is to be said of it. */
  isFaulty(path: Path): boolean
}

const mostDepth = 64
/* An alias stands for all that its anchor holds, so a few lines of them may stand for more than there is memory. */
const mostAliases = 100
const mostNodes = 100_000

/** Reads YAML. Whatever the text is, this gives a tree, with a fault for everything that is wrong with it. */
export async function readTree(text: string, file: string, references: References): Promise<FileTree> {
  const counter = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const tooMuch = tooMuchOf(text)
  if (tooMuch !== undefined) return emptyTree({ message: tooMuch, place: { file, line: 1, column: 1 } })
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
    resolveKnownTags: false,
    // Silence would also pass over a second document.
    logLevel: 'error',
  })
  const walk = new Walk(document, placeAt, references)
  const value = document.contents === null ? undefined : await walk.read(document.contents, [])
  const syntax = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    message: yamlFaults[code],
    place: placeAt(pos[0]),
  }))
  return {
    // What follows a fault of syntax is not what its writer meant, so nothing is said of it.
    value: syntax.length > 0 ? undefined : value,
    faults: syntax.length > 0 ? syntax : walk.faults,
    placeOf: path => placeAt(walk.offsetOf(path, 'value')),
    placeOfKey: path => placeAt(walk.offsetOf(path, 'key')),
    isReference: path => walk.isReference(path),
    isFaulty: path => walk.isFaulty(path),
  }
}

/** The tree of a file that cannot be read at all. */
export function emptyTree(fault: Fault & { readonly place: Place }): FileTree {
  const placeOf = (): Place => fault.place
  return {
    value: undefined,
    faults: [fault],
    placeOf,
    placeOfKey: placeOf,
    isReference: () => false,
    isFaulty: () => true,
  }
}

/** One walk over a document: makes values of nodes, and remembers where each was. */
class Walk {
  readonly faults: Fault[] = []
  readonly #offsets = new Map<string, { readonly value: number; readonly key?: number }>()
  readonly #references = new Set<string>()
  readonly #faulty = new Set<string>()
  readonly #document: Document.Parsed
  readonly #placeAt: (offset: number) => Place
  readonly #resolve: References
  #aliases = 0
  #nodes = 0

  constructor(document: Document.Parsed, placeAt: (offset: number) => Place, resolve: References) {
    this.#document = document
    this.#placeAt = placeAt
    this.#resolve = resolve
  }

  offsetOf(path: Path, which: 'value' | 'key'): number {
    for (let length = path.length; length >= 0; length--) {
      const found = this.#offsets.get(keyOf(path.slice(0, length)))
      if (found) return length === path.length && which === 'key' ? (found.key ?? found.value) : found.value
    }
    return 0
  }

  isReference(path: Path): boolean {
    return this.#references.has(keyOf(path))
  }

  isFaulty(path: Path): boolean {
    return this.#faulty.has(keyOf(path))
  }

  async read(node: Node | null, path: Path, keyOffset?: number): Promise<unknown> {
    const value = node?.range?.[0] ?? keyOffset ?? 0
    this.#offsets.set(keyOf(path), { value, ...(keyOffset !== undefined && { key: keyOffset }) })
    if (path.length > mostDepth) return this.#refuse(`it nests deeper than ${mostDepth} levels`, path, value)
    if (++this.#nodes > mostNodes) return this.#refuse(`it has more than ${mostNodes} values`, path, value)
    if (isAlias(node)) return this.#readAlias(node.source, path, value)
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.#readMap(node.items, path)
    if (isSeq<ParsedNode>(node)) return this.#readList(node.items, path)
    return isScalar(node) ? this.#readScalar(node.value, path, value) : null
  }

  async #readAlias(name: string, path: Path, offset: number): Promise<unknown> {
    if (++this.#aliases > mostAliases)
      return this.#refuse(`it has more than ${mostAliases} aliases in use`, path, offset)
    const target = anchored(this.#document, name, offset)
    if (target === undefined) return this.#refuse(yamlFaults.BAD_ALIAS, path, offset)
    return this.read(target, path)
  }

  async #readMap(pairs: readonly Pair<ParsedNode, ParsedNode | null>[], path: Path): Promise<unknown> {
    const entries: [string, unknown][] = []
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : ''
      const offset = key.range[0]
      // It would be the prototype of the object instead of a value in it.
      if (name === '__proto__') this.#refuse('"__proto__" cannot be a name', path, offset)
      else entries.push([name, await this.read(value, [...path, name], offset)])
    }
    return Object.fromEntries(entries)
  }

  async #readList(items: readonly ParsedNode[], path: Path): Promise<unknown> {
    const values: unknown[] = []
    for (const [index, item] of items.entries()) values.push(await this.read(item, [...path, index]))
    return values
  }

  async #readScalar(value: unknown, path: Path, offset: number): Promise<unknown> {
    if (typeof value !== 'string') return typeof value === 'bigint' ? Number(value) : value
    const resolved = await this.#resolve(value)
    if (resolved.type === 'plain') return resolved.text
    this.#references.add(keyOf(path))
    return resolved.type === 'found' ? resolved.text : this.#refuse(resolved.why, path, offset)
  }

  #refuse(message: string, path: Path, offset: number): undefined {
    this.#faulty.add(keyOf(path))
    const place = this.#placeAt(offset)
    const isTold = this.faults.some(
      fault => fault.message === message && fault.place?.line === place.line && fault.place.column === place.column,
    )
    if (!isTold) this.faults.push({ message, place })
    return undefined
  }
}

/* The last one of that name before the alias, as YAML has it. */
function anchored(document: Document.Parsed, name: string, before: number): Node | undefined {
  let found: Node | undefined
  const look = (node: unknown): void => {
    if (isMap<ParsedNode, ParsedNode | null>(node)) node.items.forEach(({ value }) => look(value))
    if (isSeq(node)) node.items.forEach(look)
    const isTarget = (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor === name
    if (isTarget && (node.range?.[0] ?? before) < before) found = node
  }
  look(document.contents)
  return found
}

function keyOf(path: Path): string {
  return JSON.stringify(path)
}

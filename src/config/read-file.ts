import { createHash } from 'node:crypto'
import type { Environment } from './environment.ts'
import type { Fault } from './fault.ts'
import { readTree } from './file-tree.ts'
import { parseFile } from './parse-file.ts'
import type { FileContent } from './parse-file.ts'
import { readBounded } from './read-bounded.ts'
import { createReferences } from './references.ts'
import type { References } from './references.ts'
import { warningsOf } from './warnings.ts'
import { mostFileBytes } from './yaml-limits.ts'

/** What became of reading a configuration file. */
export type FileReading = Watched &
  (
    | { readonly type: 'content'; readonly content: FileContent; readonly warnings: readonly Fault[] }
    | { readonly type: 'absent' }
    | { readonly type: 'faulty'; readonly faults: readonly Fault[] }
  )

interface Watched {
  /** Equal for two readings where nothing changed between them, neither the file nor what it refers to. */
  readonly revision: string
  /** The file and those that it refers to. */
  readonly files: readonly string[]
}

/** Reads a configuration file. Whatever is at the path, this gives what it says, or what is wrong with it. */
export async function readConfigFile(path: string, environment: Environment): Promise<FileReading> {
  const read = await readBounded(path, mostFileBytes)
  const alone = (type: string): Watched => ({ revision: type, files: [path] })
  if (read.type === 'refused') {
    if (read.code === 'ENOENT' || read.code === 'ENOTDIR') return { type: 'absent', ...alone('absent') }
    return { type: 'faulty', faults: [{ message: `the configuration file ${path} ${read.why}` }], ...alone(read.why) }
  }
  const files = new Set([path])
  const digest = createHash('sha256').update(read.text)
  const references = createReferences(path, environment, file => void files.add(file))
  const tree = await readTree(
    read.text,
    path,
    recorded(references, text => void digest.update(`\0${text}`)),
  )
  const parsed = parseFile(tree, path)
  const watched = { revision: digest.digest('base64url'), files: [...files] }
  if (parsed.type === 'faulty') return { ...parsed, ...watched }
  const { content } = parsed
  return { ...parsed, ...watched, warnings: warningsOf(tree, content.rules, { file: path, mode: read.mode }) }
}

/* A secret may change in its own file, while the configuration file stays as it is. */
function recorded(references: References, record: (text: string) => void): References {
  return async text => {
    const resolved = await references(text)
    if (resolved.type !== 'plain') record(resolved.type === 'found' ? resolved.text : resolved.why)
    return resolved
  }
}

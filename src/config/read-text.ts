import { createHash } from 'node:crypto'
import type { Environment } from './environment.ts'
import { readTree } from './file-tree.ts'
import { parseFile } from './parse-file.ts'
import type { FileReading } from './file-reading.ts'
import { createReferences } from './references.ts'
import type { References } from './references.ts'
import type { RulesCheck } from './rules.ts'
import { toFault } from './schema-faults.ts'
import { warningsOf } from './warnings.ts'

export interface FileText {
  readonly path: string
  readonly text: string
  readonly mode: number
}

/** Makes a configuration of the text of a file, with all that it refers to. */
export async function readText(
  { path, text, mode }: FileText,
  environment: Environment,
  check: RulesCheck = () => undefined,
): Promise<FileReading> {
  const files = new Set([path])
  const digest = createHash('sha256').update(text)
  const references = createReferences(path, environment, file => void files.add(file))
  const tree = await readTree(
    text,
    path,
    recorded(references, found => void digest.update(`\0${found}`)),
  )
  const parsed = parseFile(tree, path)
  const watched = { revision: digest.digest('base64url'), files: [...files] }
  if (parsed.type === 'faulty') return { ...parsed, ...watched }
  const unusable = check(parsed.content.rules)
  if (unusable) return { type: 'faulty', faults: [toFault(unusable, tree)], ...watched }
  return { ...parsed, ...watched, warnings: warningsOf(tree, parsed.content.rules, { file: path, mode }) }
}

/* A secret may change in its own file, while the configuration file stays as it is. */
function recorded(references: References, record: (text: string) => void): References {
  return async text => {
    const resolved = await references(text)
    if (resolved.type !== 'plain') record(resolved.type === 'found' ? resolved.text : resolved.why)
    return resolved
  }
}

import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { fileSchema } from './file-schema.ts'

/** The published schema of the configuration file. It lies beside the documentation, in a clone and in the package. */
export const schemaFile = fileURLToPath(new URL('../../docs/duologue.schema.json', import.meta.url))

const reference = { type: 'string', pattern: String.raw`\$\{|^file:` } as const

/** Makes the JSON Schema of the configuration file, for editors to complete and check what is written. */
export function jsonSchema(): unknown {
  return withReferences(z.toJSONSchema(fileSchema.meta({ title: 'Configuration of Duologue' }), { io: 'input' }))
}

/* A reference may stand wherever text may, also where it stands for a number or for one of a few words. */
function withReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withReferences)
  if (typeof node !== 'object' || node === null) return node
  const inner = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, below(name, value)]))
  if (!isNarrow(inner)) return inner
  const { description, default: fallback, ...narrow } = inner
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    anyOf: [narrow, reference],
  }
}

/* Names cannot be references, so what describes names is left alone. */
function below(name: string, value: unknown): unknown {
  if (name === 'propertyNames' || name === 'enum' || name === 'default' || name === 'required') return value
  if (name !== 'properties') return withReferences(value)
  return Object.fromEntries(Object.entries(Object(value)).map(([key, node]) => [key, withReferences(node)]))
}

function isNarrow(node: Readonly<Record<string, unknown>>): boolean {
  const types = [node['type']].flat()
  const isText = types.includes('string')
  if (types.includes('object') || types.includes('array') || 'anyOf' in node) return false
  if (isText) return 'enum' in node || 'pattern' in node || 'format' in node
  return types.some(type => type === 'number' || type === 'integer' || type === 'boolean')
}

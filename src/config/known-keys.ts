import * as z from 'zod'
import type { Path } from './file-tree.ts'
import { fileSchema } from './file-schema.ts'

/** Tells the names that a map of the file may have, to suggest one for a name that it may not have. */
export function createKnownKeys(): (path: Path) => readonly string[] {
  let described: unknown
  return path => {
    described ??= z.toJSONSchema(fileSchema, { io: 'input' })
    const found = path.reduce<readonly unknown[]>((from, step) => from.flatMap(node => below(node, step)), [described])
    return found.flatMap(alternatives).flatMap(node => Object.keys(Object(Reflect.get(Object(node), 'properties'))))
  }
}

function below(node: unknown, step: string | number): readonly unknown[] {
  return alternatives(node).flatMap(one => {
    if (typeof step === 'number') return [Reflect.get(Object(one), 'items')]
    const named: unknown = Reflect.get(Object(Reflect.get(Object(one), 'properties')), step)
    return [named ?? Reflect.get(Object(one), 'additionalProperties')]
  })
}

function alternatives(node: unknown): readonly unknown[] {
  const any: unknown = Reflect.get(Object(node), 'anyOf')
  return Array.isArray(any) ? any.flatMap(alternatives) : [node]
}

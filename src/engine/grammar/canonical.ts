import type { Json } from '../../core/json.ts'
import { isArray, isObject, own } from './json-schema.ts'

/** The same JSON in the same words, whatever the order of keys. Each value in it takes a step. */
export function canonical(value: Json, allowance: { take(steps: number): void }): string {
  allowance.take(1)
  if (isArray(value)) return `[${value.map(item => canonical(item, allowance)).join()}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map(name => `${JSON.stringify(name)}:${canonical(own(value, name) ?? null, allowance)}`).join()}}`
}

import type { JsonObject } from '../../core/json.ts'
import { parseJson } from './parse-json.ts'
import { repairJson } from './repair-json.ts'
import { repairValue } from './repair-value.ts'
import { validate } from './validate.ts'
import type { Verdict } from './validate.ts'

/** JSON text as it is to be told, and what became of it where it is not known to match. */
export interface Conformed {
  readonly json: string
  readonly fault?: string
}

/** Checks JSON text against a schema, and mends it where that makes it match; otherwise it stays as it was written. */
export function conform(json: string, schema: JsonObject): Conformed {
  const written = parseJson(json)
  const value = written ?? parseJson(repairJson(json) ?? '')
  if (value === undefined) return { json, fault: 'could not be read as JSON' }
  const verdict = validate(value, schema)
  if (verdict.type === 'valid') return told(verdict, written === undefined ? JSON.stringify(value) : json)
  const mended = repairValue(value, schema)
  if (mended === undefined) return { json, fault: faultOf(verdict, schema) }
  return told(validate(mended, schema), JSON.stringify(mended))
}

function told(verdict: Verdict, json: string): Conformed {
  const unchecked = verdict.type === 'valid' ? verdict.unchecked : undefined
  return { json, ...(unchecked !== undefined && { fault: `could not be wholly checked: ${unchecked}` }) }
}

function faultOf(verdict: Exclude<Verdict, { type: 'valid' }>, schema: JsonObject): string {
  if (verdict.type === 'undecided') return `could not be checked: ${verdict.why}`
  const [first] = verdict.problems
  if (!first) return 'did not match the schema'
  const named = first.path !== '' && isOfSchema(first.path, schema) ? `'${first.path}'` : 'something in it'
  return `did not match the schema: ${first.path === '' ? 'it' : named} ${first.why}`
}

/* A fault is logged, and names that the model chose are a part of what it said. */
function isOfSchema(path: string, schema: JsonObject): boolean {
  const written = JSON.stringify(schema)
  return path.split('.').every(step => /^\d+$/.test(step) || written.includes(`${JSON.stringify(step)}:`))
}

import type { Json } from '../../core/json.ts'

const mostDepth = 200

/**
 * Reads JSON text that a model wrote. Gives nothing for what is no JSON, and for what nests so deep
 * that whoever goes through it might run out of stack.
 */
export function parseJson(text: string): Json | undefined {
  try {
    // oxlint-disable-next-line no-unsafe-type-assertion -- what JSON.parse gives is JSON
    const value = JSON.parse(text) as Json
    return isDeeper(value, mostDepth) ? undefined : value
  } catch {
    return undefined
  }
}

function isDeeper(value: Json, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return most === 0 || Object.values(value).some(inner => isDeeper(inner, most - 1))
}

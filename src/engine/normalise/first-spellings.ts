import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '../../core/json.ts'

/**
 * Remembers how equal values were spelled when they first came, so that later ones can be spelled alike.
 * The first spelling wins, not an alphabetical one: the order of a schema's properties is the order that a model
 * fills them in, and its author may have meant it.
 */
export interface FirstSpellings {
  /** Gives the first value that came under this key; it is this one where there was none. */
  first<T>(key: string, value: T): T
}

const mostSpellings = 512

/* What is longer is rare, and would make the memory of many large. */
const longestKey = 65_536

/** Makes a memory of spellings. The ones that were not met for longest are forgotten. */
export function createFirstSpellings(most: number = mostSpellings): FirstSpellings {
  const spellings = new Map<string, unknown>()
  return {
    first: <T>(key: string, value: T): T => {
      if (key.length > longestKey) return value
      const hash = createHash('sha256').update(key).digest('base64')
      const known = spellings.get(hash) ?? value
      spellings.delete(hash)
      spellings.set(hash, known)
      const oldest = spellings.size > most ? spellings.keys().next().value : undefined
      if (oldest !== undefined) spellings.delete(oldest)
      // oxlint-disable-next-line no-unsafe-type-assertion -- equal keys are made of equal values
      return known as T
    },
  }
}

/** Writes a value so that equal values give equal text, whatever the order of their keys. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(sorted(value))
}

/* A list of pairs keeps every key; an object would lose one that is spelled `__proto__`. */
function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return ['list', ...value.map(sorted)]
  return [
    'object',
    ...Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, item]): Json[] => [key, sorted(item)]),
  ]
}

function isList(value: JsonObject | readonly Json[]): value is readonly Json[] {
  return Array.isArray(value)
}

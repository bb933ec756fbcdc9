import type * as z from 'zod'

/** A row that cannot be used. The others of its table can. */
export interface Damage {
  readonly table: string
  readonly id: string
  readonly why: string
}

/** What a table holds, and what of it cannot be used. */
export interface Listed<Item> {
  readonly items: readonly Item[]
  readonly damaged: readonly Damage[]
}

/** Why a row cannot be used. */
export class Damaged extends Error {}

/** Reads rows one by one, so that a damaged one costs only itself. */
export async function readRows<Row, Item>(
  rows: readonly Row[],
  table: string,
  reading: { readonly idOf: (row: Row) => string; readonly read: (row: Row) => Promise<Item> | Item },
): Promise<Listed<Item>> {
  const items: Item[] = []
  const damaged: Damage[] = []
  for (const row of rows) {
    try {
      items.push(await reading.read(row))
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      damaged.push({ table, id: reading.idOf(row), why: error.message })
    }
  }
  return { items, damaged }
}

/** Reads a column of JSON as what it must be. */
export function readJson<Value>(text: string, schema: z.ZodType<Value>): Value {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Damaged('it is not JSON')
  }
  return readValue(value, schema)
}

/** Reads a value as what it must be. The message names the place and tells nothing of the value. */
export function readValue<Value>(value: unknown, schema: z.ZodType<Value>): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Damaged(`${issue?.path.join('.') || 'it'} is not what it must be`)
}

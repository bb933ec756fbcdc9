export type Fields = Readonly<Record<string, unknown>>

/** Reads the data of an event, where it is a JSON object. */
export function parse(data: string): Fields | undefined {
  try {
    return object(JSON.parse(data))
  } catch {
    return undefined
  }
}

/** Gives the fields of what is an object. */
export function object(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

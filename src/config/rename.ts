/** A type with some of its fields named otherwise. What was optional stays so. */
type Renamed<T, Names> = {
  readonly [Key in keyof T as Key extends keyof Names ? (Names[Key] extends string ? Names[Key] : Key) : Key]: T[Key]
}

/** Gives an object whose fields have the names of the vocabulary instead of those of the file. */
export function rename<T extends object, const Names extends Readonly<Partial<Record<keyof T, string>>>>(
  value: T,
  names: Names,
): Renamed<T, Names> {
  const table: Readonly<Record<string, string | undefined>> = names
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  // The names given are those of the type's own fields, so what comes out is what the type says.
  // oxlint-disable-next-line no-unsafe-type-assertion
  return Object.fromEntries(entries.map(([key, field]) => [table[key] ?? key, field])) as Renamed<T, Names>
}

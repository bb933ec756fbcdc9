/** Gives what is in the list, one at a time, as a stream does. */
export async function* play<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

/** Reads a stream to its end. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = []
  for await (const item of items) read.push(item)
  return read
}

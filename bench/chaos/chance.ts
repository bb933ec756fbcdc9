/** Numbers that look like chance and are the same for the same seed. */
export interface Chance {
  /** A whole number below `most`. */
  below(most: number): number
  oneOf<T>(values: readonly [T, ...T[]]): T
}

/** Makes chance of a seed: a 32-bit mixing generator. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const below = (most: number): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * most)
  }
  return { below, oneOf: values => values[below(values.length)] ?? values[0] }
}

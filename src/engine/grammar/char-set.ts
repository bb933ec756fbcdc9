/** A run of Unicode code points, both ends included. */
export type CharRange = readonly [from: number, to: number]

/** A set of Unicode code points: ranges in ascending order that neither touch nor overlap. */
export type CharSet = readonly CharRange[]

/** Every code point that text may hold; surrogates are no characters. */
export const anyChar: CharSet = [
  [0, 0xd7ff],
  [0xe000, 0x10_ffff],
]

export const digits: CharSet = [[0x30, 0x39]]

/** Puts ranges in any order into a set. */
export function charSet(ranges: readonly CharRange[]): CharSet {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

/** The set of the characters of a text. */
export function charsOf(text: string): CharSet {
  return charSet(Array.from(text, char => only(codePointOf(char))))
}

export function only(codePoint: number): CharRange {
  return [codePoint, codePoint]
}

export function codePointOf(char: string): number {
  return char.codePointAt(0) ?? 0
}

export function intersection(a: CharSet, b: CharSet): CharSet {
  const common: CharRange[] = []
  let [i, j] = [0, 0]
  for (let [x, y] = [a[i], b[j]]; x && y; [x, y] = [a[i], b[j]]) {
    const [from, to] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])]
    if (from <= to) common.push([from, to])
    if (x[1] < y[1]) i += 1
    else j += 1
  }
  return common
}

/** Every character that is not in the set. */
export function complement(set: CharSet): CharSet {
  const gaps: CharRange[] = []
  let next = 0
  for (const [from, to] of set) {
    if (from > next) gaps.push([next, from - 1])
    next = to + 1
  }
  if (next <= 0x10_ffff) gaps.push([next, 0x10_ffff])
  return intersection(gaps, anyChar)
}

export function without(set: CharSet, removed: CharSet): CharSet {
  return intersection(set, complement(removed))
}

export function hasChar(set: CharSet, codePoint: number): boolean {
  return set.some(([from, to]) => from <= codePoint && codePoint <= to)
}

const most = 5

/** Gives the names that a person who wrote `wanted` may have meant, the likeliest first. */
export function nearestNames(wanted: string, names: readonly string[]): readonly string[] {
  const text = wanted.toLowerCase().slice(0, 100)
  return names
    .map(name => ({ name, distance: name.includes(text) || text.includes(name) ? 0 : editDistance(text, name) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(Math.min(name.length, text.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ name }) => name)
}

/** Counts the letters to insert, delete or replace to get from one text to another (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replace = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replace, at(previous, column) + 1, at(current, column - 1) + 1))
    }
    previous = current
  }
  return at(previous, b.length)
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Number.POSITIVE_INFINITY
}

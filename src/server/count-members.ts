/** Counts the members of all objects within a value that came of JSON. */
export function countMembers(value: unknown): number {
  let members = 0
  const left: unknown[] = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== 'object' || next === null) continue
    const children: readonly unknown[] = Object.values(next)
    if (!Array.isArray(next)) members += children.length
    for (const child of children) left.push(child)
  }
  return members
}

/** Gives what a key is called that its owner gave no name: by its place in the list, from `key-1` on. */
export function placeName(index: number): string {
  return `key-${index + 1}`
}

/** Whether a key's name only says its place, so that it is another key's as soon as the list changes. */
export function isPlaceName(name: string): boolean {
  return /^key-\d+$/.test(name)
}

/** Spells each single code unit that `pattern` finds as JSON's escapes do: `\u001b`. The pattern is a global one. */
export function escapeLetters(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Spells each single code unit that `pattern` finds as JSON's escapes do: `\u001b`. The pattern is a global one. */
export function escapeLetters(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/* Controls, and marks that turn a line around. */
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Escapes what would steer a terminal, in a text that a client or another program wrote. */
export function escapeSteering(text: string): string {
  return escapeLetters(text, steering)
}

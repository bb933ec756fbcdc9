const words = /maximum context length|context (length|window|size)|(prompt|input) is too long|too many tokens/i

/** Whether an upstream's words say that a prompt does not fit. Most have no code for it, and the planner must know. */
export function saysTooLong(text: string): boolean {
  return words.test(text)
}

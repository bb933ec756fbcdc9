/** Text that may be shown, and the stop sequence that ended it, if one did. */
export interface Matched {
  readonly text: string
  readonly sequence?: string
}

/** Cuts text at the first stop sequence, holding back what may yet become one. */
export interface StopMatcher {
  push(text: string): Matched
  /** Gives what was held back, for a text that ends here. */
  end(): string
}

/** Watches for any of `sequences`. The match that ends first wins, and of two that end together the longer. */
export function createStopMatcher(sequences: readonly string[]): StopMatcher {
  let held = ''
  const longest = Math.max(0, ...sequences.map(sequence => sequence.length))
  return {
    push: text => {
      held += text
      const match = firstMatch(held, sequences)
      if (match) {
        const shown = held.slice(0, match.at)
        held = ''
        return { text: shown, sequence: match.sequence }
      }
      const keep = longest === 0 ? 0 : possibleStart(held, sequences, longest)
      const shown = held.slice(0, held.length - keep)
      held = held.slice(held.length - keep)
      return { text: shown }
    },
    end: () => {
      const rest = held
      held = ''
      return rest
    },
  }
}

/* The match that ends first is the one that any cutting of the text into pieces finds. */
function firstMatch(text: string, sequences: readonly string[]): { at: number; sequence: string } | undefined {
  let first: { at: number; end: number; sequence: string } | undefined
  for (const sequence of sequences) {
    const at = text.indexOf(sequence)
    const end = at + sequence.length
    if (at >= 0 && (!first || end < first.end || (end === first.end && at < first.at))) first = { at, end, sequence }
  }
  return first
}

/** The length of the longest end of `text` with which a stop sequence could begin. */
function possibleStart(text: string, sequences: readonly string[], longest: number): number {
  for (let length = Math.min(text.length, longest - 1); length > 0; length -= 1) {
    const tail = text.slice(-length)
    if (sequences.some(sequence => sequence.startsWith(tail))) return length
  }
  return 0
}

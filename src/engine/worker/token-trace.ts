import type { TokenLogprob } from '../../core/events.ts'

/** Finds the tokens that shown text was written with, while text is held back, trimmed and told apart from markers. */
export interface TokenTrace {
  /** Notes a drawn token. */
  draw(token: TokenLogprob): void
  /** Notes what the tokens drawn since read; nothing, while a character is in pieces. */
  read(text: string, options: { readonly mayBeShown: boolean }): void
  /** Notes what they read after the end of something that is never shown, with all that was read before. */
  restart(text: string): void
  /** Gives the tokens that begin in this text, the next that is shown. */
  show(text: string): readonly TokenLogprob[]
}

/** A piece of text and the tokens that spell it; without them, once they were given. */
interface Piece {
  readonly text: string
  readonly tokens: readonly TokenLogprob[]
}

/** Makes an empty trace. A token is given as soon as its first character is shown. */
export function createTokenTrace(): TokenTrace {
  let drawn: TokenLogprob[] = []
  let pieces: Piece[] = []
  const keep = (text: string): void => {
    pieces.push({ text, tokens: drawn })
    drawn = []
  }
  return {
    draw: token => void drawn.push(token),
    read: (text, { mayBeShown }) => {
      if (!mayBeShown) drawn = []
      else if (text !== '') keep(text)
    },
    restart: text => {
      pieces = []
      if (text === '') drawn = []
      else keep(text)
    },
    show: text => {
      const from = pieces
        .map(piece => piece.text)
        .join('')
        .indexOf(text)
      const { shown, rest } = from < 0 ? { shown: [], rest: [] } : cut(pieces, from, from + text.length)
      pieces = rest
      return shown
    },
  }
}

/** Gives the tokens of the text from one place to another, and the pieces that are left after it. */
function cut(pieces: readonly Piece[], from: number, to: number): { shown: TokenLogprob[]; rest: Piece[] } {
  const shown: TokenLogprob[] = []
  const rest: Piece[] = []
  let start = 0
  for (const { text, tokens } of pieces) {
    const end = start + text.length
    const isShown = end > from && start < to
    if (isShown) shown.push(...tokens)
    if (end > to) rest.push({ text: text.slice(Math.max(0, to - start)), tokens: isShown ? [] : tokens })
    start = end
  }
  return { shown, rest }
}

import { ModelError } from '../../core/errors.ts'
import { maxEventLength } from '../../protocols/sse.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d

/* Whatever is said next must not become a part of what the upstream left unfinished. */
const blankLine = Buffer.from('\n\n')

/* A UTF-16 unit may take three bytes, and a frame has names and line ends besides. */
const maxFrameBytes = 3 * maxEventLength + 1024

/**
 * Cuts a stream of server-sent events after each blank line and changes no byte of it, so that whoever stops between
 * two pieces leaves no half event behind. What follows the last blank line is the last piece, and gets one.
 */
export async function* wholeFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const cutter = new FrameCutter()
  for await (const chunk of chunks) yield* cutter.read(chunk)
  const rest = cutter.rest()
  if (rest.length > 0) yield Buffer.concat([rest, blankLine])
}

class FrameCutter {
  #held: Uint8Array[] = []
  #heldLength = 0
  #isLineEmpty = true
  #wasReturn = false;

  *read(chunk: Uint8Array): Generator<Uint8Array> {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#endsFrame(chunk[at] ?? 0)) continue
      // The second half of a line end may be in the next chunk: it belongs to the frame before it.
      const end = chunk[at] === carriageReturn && chunk[at + 1] === lineFeed ? at + 2 : at + 1
      yield this.#take(chunk.subarray(from, end))
      from = end
      at = end - 1
      this.#wasReturn = chunk[at] === carriageReturn
      this.#isLineEmpty = true
    }
    this.#hold(chunk.subarray(from))
  }

  rest(): Uint8Array {
    return this.#take(new Uint8Array())
  }

  /** Whether this byte ends a blank line. */
  #endsFrame(byte: number): boolean {
    const isSecondHalf = byte === lineFeed && this.#wasReturn
    this.#wasReturn = byte === carriageReturn
    if (isSecondHalf) return false
    if (byte !== lineFeed && byte !== carriageReturn) {
      this.#isLineEmpty = false
      return false
    }
    const isBlank = this.#isLineEmpty
    this.#isLineEmpty = true
    return isBlank
  }

  #hold(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#held.push(piece)
    this.#heldLength += piece.length
    if (this.#heldLength > maxFrameBytes)
      throw new ModelError('unavailable', `the upstream sent an event of more than ${maxEventLength} characters`)
  }

  #take(piece: Uint8Array): Uint8Array {
    const whole = this.#held.length === 0 ? piece : Buffer.concat([...this.#held, piece])
    this.#held = []
    this.#heldLength = 0
    return whole
  }
}

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { formatSse, type SseFrame } from '../protocols/sse.ts'

export interface SseWriterOptions {
  /** What is sent when nothing else was for `silenceMs`. */
  readonly keepAlive: () => readonly SseFrame[]
  readonly silenceMs: number
  /** A reader that takes nothing for this long while its buffer is full is cut off. */
  readonly stallMs: number
}

/** So much text goes out at once, even where more is at hand. */
const chunkLength = 32 * 1024

/** Writes frames to a response: those that are at hand together in one write, and none to a reader that is behind. */
export class SseWriter {
  readonly #response: ServerResponse
  readonly #stallMs: number
  readonly #silence: NodeJS.Timeout
  #text = ''
  #flush: NodeJS.Immediate | undefined

  constructor(response: ServerResponse, { keepAlive, silenceMs, stallMs }: SseWriterOptions) {
    this.#response = response
    this.#stallMs = stallMs
    this.#silence = setInterval(() => {
      if (this.#isOver || response.writableNeedDrain || this.#text !== '') return
      response.write(keepAlive().map(formatSse).join(''))
    }, silenceMs)
    this.#flush = setImmediate(() => this.flush())
  }

  /* An abort may have ended the reply in the same turn. */
  get #isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  /** Whether the reader must catch up before more is written. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain
  }

  /** Writes a frame, or the bytes of whole frames as another server wrote them. */
  write(frame: SseFrame | Uint8Array): void {
    if (frame instanceof Uint8Array) return this.#pass(frame)
    this.#text += formatSse(frame)
    if (this.#text.length >= chunkLength) this.flush()
    // Frames that are ready arrive in microtasks, all of which go before the next immediate.
    else this.#flush ??= setImmediate(() => this.flush())
  }

  #pass(bytes: Uint8Array): void {
    if (this.#text !== '') this.flush()
    clearImmediate(this.#flush)
    this.#flush = undefined
    if (this.#isOver) return
    this.#response.write(bytes)
    this.#silence.refresh()
  }

  flush(): void {
    clearImmediate(this.#flush)
    this.#flush = undefined
    if (this.#isOver) return
    // The headers wait for the first frames, but only until it is clear that none are at hand.
    if (this.#text === '') this.#response.flushHeaders()
    else this.#response.write(this.#text)
    this.#text = ''
    this.#silence.refresh()
  }

  /** Settles when the reader has caught up. Throws when `signal` is aborted, as it is once the reader is gone. */
  async caughtUp(signal: AbortSignal): Promise<void> {
    if (!this.#response.writableNeedDrain) return
    const stalled = setTimeout(() => this.#response.destroy(), this.#stallMs)
    try {
      await once(this.#response, 'drain', { signal })
    } finally {
      clearTimeout(stalled)
    }
  }

  /** Sends what is left and ends the reply. */
  end(last: readonly SseFrame[] = []): void {
    clearInterval(this.#silence)
    clearImmediate(this.#flush)
    this.#flush = undefined
    if (this.#isOver) return
    // A reply that is sent in one piece would get a length; a stream has none.
    this.#response.flushHeaders()
    this.#response.end(this.#text + last.map(formatSse).join(''))
    this.#text = ''
  }
}

import type { ArchivePlaces } from '../messages.ts'
import { blend } from './blend.ts'

type PlaceName = keyof ArchivePlaces

/* Nobody who reads an answer notices so short a pause. */
const shortMs = 100

/* As fast as memory is written. A place is taken for fast until it was seen to be slow. */
const firstMsPerByte = 1e-6

/* A disk that was busy once is tried again after it was passed over some times. */
const forgetting = 0.9

/** How long writing takes at each place, learnt from what it did take. */
export class WriteTimes {
  readonly #msPerByte = { memory: firstMsPerByte, disk: firstMsPerByte }

  note(place: PlaceName, bytes: number, ms: number): void {
    if (bytes > 0) this.#msPerByte[place] = blend(this.#msPerByte[place], ms / bytes)
  }

  /** Whether so many bytes are written in the time that they are worth. */
  isWorthIt(place: PlaceName, bytes: number, worthMs: number): boolean {
    if (bytes * this.#msPerByte[place] <= Math.max(shortMs, worthMs)) return true
    this.#msPerByte[place] *= forgetting
    return false
  }
}

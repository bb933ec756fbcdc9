import type { ArchivePlaces, PlaceTrouble } from '../messages.ts'
import { TookTooLong } from '../within.ts'

type PlaceName = keyof ArchivePlaces

/** What a place is wanted for: a full disk can still be read. */
type Use = 'read' | 'write'

export interface PlaceHealthOptions {
  /** Called when a place that worked fails. */
  readonly onTrouble: (trouble: PlaceTrouble) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const firstRestMs = 30_000
const longestRestMs = 10 * 60_000

/** Has places left alone that failed or did not answer: at first for half a minute, and each time for twice as long; and as long as anything still hangs there. */
export class PlaceHealth {
  readonly #options: PlaceHealthOptions
  /** The places of what was given up and is not done yet. */
  readonly #stuck = new Map<TookTooLong, PlaceName>()
  readonly #resting = new Map<string, { readonly until: number; readonly restMs: number }>()

  constructor(options: PlaceHealthOptions) {
    this.#options = options
  }

  isUsable(place: PlaceName, use: Use): boolean {
    if ([...this.#stuck.values()].includes(place)) return false
    return (this.#resting.get(keyOf(place, use))?.until ?? 0) <= this.#options.now()
  }

  failed(place: PlaceName, use: Use, error: unknown): void {
    if (error instanceof TookTooLong) {
      // What hangs keeps one of the few threads that the native engine needs too.
      this.#stuck.set(error, place)
      void error.done.then(() => this.#stuck.delete(error))
    }
    // What hangs with one would hang with the other.
    const keys = (error instanceof TookTooLong ? uses : [use]).map(each => keyOf(place, each))
    const isKnown = keys.some(key => this.#resting.has(key))
    for (const key of keys) {
      const before = this.#resting.get(key)
      const restMs = before ? Math.min(2 * before.restMs, longestRestMs) : firstRestMs
      this.#resting.set(key, { until: this.#options.now() + restMs, restMs })
    }
    if (!isKnown) this.#options.onTrouble({ place, problem: `to ${use} there failed: ${wordsOf(error)}` })
  }

  worked(place: PlaceName, use: Use): void {
    this.#resting.delete(keyOf(place, use))
  }
}

const uses = ['read', 'write'] as const

function keyOf(place: PlaceName, use: Use): string {
  return `${place} ${use}`
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

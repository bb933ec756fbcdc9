/** What one more character brought: text that is no part of a marker, and the marker that it completed. */
export interface Sighting {
  readonly released: string
  readonly marker?: string
}

/**
 * Looks for markers in text that comes a character at a time, and holds back only what may yet become one.
 * No marker may be the beginning of another.
 */
export class MarkerWatch {
  readonly #markers: readonly string[]
  #held = ''

  constructor(markers: readonly string[]) {
    this.#markers = markers
  }

  take(char: string): Sighting {
    this.#held += char
    const kept = this.#possibleMarker()
    const released = this.#held.slice(0, this.#held.length - kept.length)
    if (!this.#markers.includes(kept)) {
      this.#held = kept
      return { released }
    }
    this.#held = ''
    return { released, marker: kept }
  }

  /** Gives what was held back, for a text that ends here. */
  end(): string {
    const held = this.#held
    this.#held = ''
    return held
  }

  /** The longest end of what is held with which a marker begins. */
  #possibleMarker(): string {
    for (let at = 0; at < this.#held.length; at += 1) {
      const tail = this.#held.slice(at)
      if (this.#markers.some(marker => marker.startsWith(tail))) return tail
    }
    return ''
  }
}

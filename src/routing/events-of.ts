import type { RelayedPiece } from '../core/backend.ts'
import type { ModelEvent } from '../core/events.ts'
import type { Found } from './attempt.ts'
import type { RunResult } from './run-plan.ts'

/**
 * Gives a result's events, whatever its form, for whoever does not pass bytes on.
 * By hand, so that closing what was never read closes its source, also one that is still looked for.
 */
export function eventsOf(result: RunResult): AsyncIterableIterator<ModelEvent> {
  if (result.type === 'events') return result.events
  if (result.type === 'relay') return eventsIn(result.pieces)
  return later(result.found.then(eventsOfFound))
}

function eventsOfFound(found: Found): AsyncIterableIterator<ModelEvent> {
  return found.type === 'events' ? found.events : eventsIn(found.pieces)
}

function eventsIn(pieces: AsyncIterableIterator<RelayedPiece>): AsyncIterableIterator<ModelEvent> {
  let ahead: Iterator<ModelEvent> | undefined
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      for (;;) {
        const event = ahead?.next()
        if (event && !event.done) return event
        const piece = await pieces.next()
        if (piece.done) return { done: true, value: undefined }
        ahead = piece.value.events[Symbol.iterator]()
      }
    },
    async return() {
      ahead = undefined
      await pieces.return?.()
      return { done: true, value: undefined }
    },
  }
}

function later(source: Promise<AsyncIterator<ModelEvent>>): AsyncIterableIterator<ModelEvent> {
  source.catch(() => undefined)
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => (await source).next(),
    async return() {
      const found = await source.catch(() => undefined)
      await found?.return?.()
      return { done: true, value: undefined }
    },
  }
}

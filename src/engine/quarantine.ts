import { ModelError } from '../core/errors.ts'

/** Remembers which models' processes ended by themselves, and keeps those from being loaded that do it again and again. */
export interface Quarantine {
  /** Notes that a model's process ended by itself. */
  note(model: string): void
  /** Throws `unavailable`, saying when it is tried again, for a model that is to be left alone. */
  check(model: string): void
  isAlone(model: string): boolean
}

/* A model whose process ended this often within the window is left alone until the first of them is out of it. */
const mostCrashes = 3
const windowMs = 60_000

/** Makes a quarantine over a clock that never goes back. */
export function createQuarantine(now: () => number): Quarantine {
  const crashes = new Map<string, readonly number[]>()
  const recent = (model: string): readonly number[] => (crashes.get(model) ?? []).filter(at => at > now() - windowMs)
  const isAlone = (model: string): boolean => recent(model).length >= mostCrashes
  return {
    note: model => void crashes.set(model, [...recent(model), now()]),
    isAlone,
    check: model => {
      const [first = 0] = recent(model).slice(-mostCrashes)
      if (!isAlone(model)) return
      const retryAfterMs = first + windowMs - now()
      throw new ModelError(
        'unavailable',
        `the engine process of '${model}' ended ${recent(model).length} times within a minute; it is tried again in ${Math.ceil(retryAfterMs / 1000)} s`,
        { retryAfterMs },
      )
    },
  }
}

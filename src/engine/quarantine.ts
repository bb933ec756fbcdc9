import { ModelError } from '../core/errors.ts'

/** How a model's process came to nothing: it could not load the model, or ended by itself while it had it. */
export type Mishap = 'not-loaded' | 'ended'

/** Remembers which models' processes came to nothing, and keeps those from being loaded that do it again and again. */
export interface Quarantine {
  note(model: string, mishap: Mishap): void
  /** Throws `unavailable`, saying when it is tried again, for a model that is to be left alone. */
  check(model: string): void
  isAlone(model: string): boolean
}

/* A model with so many mishaps within the window is left alone until the first of them is out of it. */
const mostMishaps = 3
const windowMs = 60_000

/** Makes a quarantine over a clock that never goes back. */
export function createQuarantine(now: () => number): Quarantine {
  const mishaps = new Map<string, readonly { readonly what: Mishap; readonly at: number }[]>()
  const recent = (model: string) => (mishaps.get(model) ?? []).filter(({ at }) => at > now() - windowMs)
  const isAlone = (model: string): boolean => recent(model).length >= mostMishaps
  return {
    note: (model, what) => void mishaps.set(model, [...recent(model), { what, at: now() }]),
    isAlone,
    check: model => {
      const all = recent(model)
      const [first] = all.slice(-mostMishaps)
      if (!first || !isAlone(model)) return
      const retryAfterMs = first.at + windowMs - now()
      const when = `${all.length} times within a minute; it is tried again in ${Math.ceil(retryAfterMs / 1000)} s`
      const mishap = describe(model, new Set(all.map(({ what }) => what)))
      throw new ModelError('unavailable', `${mishap} ${when}`, { retryAfterMs })
    },
  }
}

function describe(model: string, mishaps: ReadonlySet<Mishap>): string {
  if (!mishaps.has('not-loaded')) return `the engine process of '${model}' ended`
  if (!mishaps.has('ended')) return `the engine could not load '${model}'`
  return `the engine could not load '${model}', or its process ended,`
}

import { setTimeout as delay } from 'node:timers/promises'

/** What a model on this machine is doing. */
export type ModelState =
  | { readonly state: 'unloaded' | 'waiting' | 'ready' | 'leaving' | 'ending' | 'gone' }
  /** How much of it is loaded, from 0 to 1. */
  | { readonly state: 'loading'; readonly progress: number }
  | { readonly state: 'failed'; readonly reason: string }

/** A model that does something else than before. */
export type ModelChange = { readonly model: string } & ModelState

/** Says what every model is doing, and then what each does that changes, until the signal is aborted. */
export type FollowModelsService = (signal: AbortSignal) => AsyncGenerator<ModelChange>

/** Something that happened to a model; the error is why it cannot be used. */
export interface ModelNews {
  readonly type: string
  readonly model: string
  readonly error?: { readonly message: string }
}

export interface ModelWatch {
  readonly note: (news: ModelNews) => void
  readonly follow: FollowModelsService
}

export interface ModelWatchOptions {
  /** The models on this machine, loaded or not. */
  readonly installed: () => Promise<readonly string[]>
  /** Those that are loaded or being loaded, the latest of each first. */
  readonly loaded: () => readonly {
    readonly model: string
    readonly state: 'waiting' | 'loading' | 'ready' | 'leaving' | 'ending'
    readonly progress: number
  }[]
}

/* Whoever reads slowly, or looks away for a moment, learns the latest; so nothing is kept for anybody. */
const leastMs = 100

/* Models are pulled and removed by other processes. */
const looksAgainAfterMs = 2000

/** Starts to watch models. Of what happened before, each that follows learns what came of it. */
export function createModelWatch({ installed, loaded }: ModelWatchOptions): ModelWatch {
  const failures = new Map<string, string>()
  let news = Promise.withResolvers<void>()
  const states = async (): Promise<ReadonlyMap<string, ModelState>> => {
    const known: (readonly [string, ModelState])[] = (await installed()).map(model => [model, { state: 'unloaded' }])
    const failed = [...failures].map(([model, reason]) => [model, { state: 'failed', reason }] as const)
    return new Map([...known, ...failed, ...loaded().toReversed().map(toEntry)])
  }
  return {
    note: ({ type, model, error }) => {
      const reason = error?.message ?? (type === 'crashed' ? 'its process ended by itself' : undefined)
      if (reason === undefined) failures.delete(model)
      else failures.set(model, reason)
      news.resolve()
      news = Promise.withResolvers()
    },
    follow: async function* (signal) {
      let told: ReadonlyMap<string, ModelState> = new Map()
      while (!signal.aborted) {
        const changed = news.promise
        const current = await states()
        yield* changesBetween(told, current)
        told = current
        await delay(leastMs, undefined, { signal }).catch(() => {})
        await untilEither(changed, signal)
      }
    },
  }
}

function toEntry({
  model,
  state,
  progress,
}: ReturnType<ModelWatchOptions['loaded']>[number]): readonly [string, ModelState] {
  return [model, state === 'loading' ? { state, progress: Math.floor(progress * 100) / 100 } : { state }]
}

function* changesBetween(
  told: ReadonlyMap<string, ModelState>,
  current: ReadonlyMap<string, ModelState>,
): Generator<ModelChange> {
  for (const [model, state] of current)
    if (JSON.stringify(state) !== JSON.stringify(told.get(model))) yield { model, ...state }
  for (const model of told.keys()) if (!current.has(model)) yield { model, state: 'gone' }
}

/** Settles when something changed, when it is time to look again, or when the signal is aborted. */
async function untilEither(changed: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const later = delay(looksAgainAfterMs, undefined, { signal: AbortSignal.any([signal, over.signal]) })
  await Promise.race([changed, later]).catch(() => {})
  over.abort()
}

import { setTimeout as delay } from 'node:timers/promises'
import { createNews, untilChanged } from './news.ts'
import type { PullChange, PullState } from './pull-state.ts'

/** What a model on this machine is doing. */
export type ModelState =
  | { readonly state: 'unloaded' | 'waiting' | 'ready' | 'leaving' | 'ending' | 'gone' }
  /** How much of it is loaded, from 0 to 1. */
  | { readonly state: 'loading'; readonly progress: number }
  /** It waits for the engine, which is being installed. */
  | { readonly state: 'installing'; readonly installedBytes: number }
  | { readonly state: 'failed'; readonly reason: string }
  | Exclude<PullState, { readonly state: 'downloaded' }>

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
  /** Has those who follow learn what there is to learn, where it is about no single model. */
  readonly tell: () => void
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
  /** Those that are being downloaded, and what came of the latest downloads; of one, the last holds. */
  readonly pulls?: () => Promise<readonly PullChange[]>
  /** How much of the engine is installed, while it is being installed. */
  readonly installing?: () => number | undefined
}

type Loaded = ReturnType<ModelWatchOptions['loaded']>[number]
type Known = readonly [model: string, ModelState]

/* Whoever reads slowly, or looks away for a moment, learns the latest; so nothing is kept for anybody. */
const leastMs = 100

/** Starts to watch models. Of what happened before, each that follows learns what came of it. */
export function createModelWatch(options: ModelWatchOptions): ModelWatch {
  const failures = new Map<string, string>()
  const { tell, next } = createNews()
  return {
    tell,
    note: ({ type, model, error }) => {
      const reason = error?.message ?? (type === 'crashed' ? 'its process ended by itself' : undefined)
      if (reason === undefined) failures.delete(model)
      else failures.set(model, reason)
      tell()
    },
    follow: async function* (signal) {
      let told: ReadonlyMap<string, ModelState> = new Map()
      while (!signal.aborted) {
        const changed = next()
        const current = await statesOf(options, failures)
        yield* changesBetween(told, current)
        told = current
        await delay(leastMs, undefined, { signal }).catch(() => {})
        await untilChanged(changed, signal)
      }
    },
  }
}

/** Gives what each model does; of what is known of one, the last holds. */
async function statesOf(
  { installed, loaded, pulls, installing }: ModelWatchOptions,
  failures: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, ModelState>> {
  // Looked at first: what is over by then has made its model one of those that are here.
  const pulled = (await pulls?.()) ?? []
  const here = await installed()
  return new Map<string, ModelState>([
    ...here.map((model): Known => [model, { state: 'unloaded' }]),
    ...pulled.flatMap(change => whileAbsent(change, here)),
    ...[...failures].map(([model, reason]): Known => [model, { state: 'failed', reason }]),
    ...loaded()
      .toReversed()
      .map((one): Known => [one.model, toState(one, installing?.())]),
  ])
}

/** What a download says of its model. Of one that is here, however it came, it says nothing more. */
function whileAbsent({ model, ...state }: PullChange, here: readonly string[]): readonly Known[] {
  return state.state === 'downloaded' || here.includes(model) ? [] : [[model, state]]
}

function toState({ state, progress }: Loaded, installedBytes: number | undefined): ModelState {
  if (state === 'loading') return { state, progress: Math.floor(progress * 100) / 100 }
  if (state === 'waiting' && installedBytes !== undefined) return { state: 'installing', installedBytes }
  return { state }
}

function* changesBetween(
  told: ReadonlyMap<string, ModelState>,
  current: ReadonlyMap<string, ModelState>,
): Generator<ModelChange> {
  for (const [model, state] of current)
    if (JSON.stringify(state) !== JSON.stringify(told.get(model))) yield { model, ...state }
  for (const model of told.keys()) if (!current.has(model)) yield { model, state: 'gone' }
}

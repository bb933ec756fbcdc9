import { resolve } from 'node:path'
import { ModelError } from '../core/errors.ts'
import type { GgufFile } from '../gguf/gguf-file.ts'
import { readGguf } from '../gguf/read-gguf.ts'
import { stateSize } from '../gguf/memory.ts'
import { measureAdapters } from './adapters.ts'
import type { ArchiveOptions, PlaceOpener } from './archive-places.ts'
import { requireStorable } from './attention.ts'
import { keepCompiledCode } from './compiled-code.ts'
import { unconfined } from './confinement.ts'
import type { Confinement } from './confinement.ts'
import type { GraphicsSurvey } from './graphics-survey.ts'
import { startHost } from './host.ts'
import type { HostOptions, ModelHost } from './host.ts'
import { forPassages, leastMemory, planLess, planLoad } from './load-plan.ts'
import type { LoadPlan, LoadPreferences } from './load-plan.ts'
import type { ArchiveSettings, Computation, LoadSettings, ModelUse } from './messages.ts'
import type { Planner } from './shared-memory.ts'
import type { Weight } from './shortage.ts'
import { usualPatience } from './step-times.ts'
import type { Patience } from './step-times.ts'
import { waitFor } from './wait-for.ts'

/** What it takes to make a model's file into a running model. */
export interface LoadMeans {
  /** Gives the path of a model's file; undefined for a model that is not here. */
  readonly locate: (model: string) => Promise<string | undefined>
  /** Gives the folder of the native package, installing it on first use. Throws a `ModelError`. */
  readonly provision: () => Promise<string>
  /** How the owner wants a model to be run. */
  readonly preferences: (model: string) => LoadPreferences
  /** Where conversations are written away that make way for others; nowhere by default. */
  readonly archive?: ArchiveOptions
  /** The environment variables that a model's process gets. */
  readonly environment: Readonly<Record<string, string>>
  /** Whether a model's process starts without what it does not need; it does by default. */
  readonly isConfined?: boolean
  /** How long a model's process may be silent while it has work. */
  readonly patience?: Patience
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** A model that was found sound and can be loaded. */
export interface Candidate extends Planner {
  /** Makes a plan that takes less memory than one; undefined where there is none. */
  less(plan: LoadPlan): LoadPlan | undefined
  /** Starts its process. Throws `unavailable` where it cannot be loaded so. */
  start(plan: LoadPlan, options: Pick<HostOptions, 'signal' | 'onProgress' | 'onTrouble'>): Promise<ModelHost>
}

/** What models that are loaded share. */
interface Surroundings {
  readonly confine: () => Promise<Confinement>
  readonly survey: GraphicsSurvey
  /** Where conversations may be written away; nowhere by default. */
  readonly places?: PlaceOpener | undefined
}

/** Finds a model, checks its file and gets the native package ready. Throws a `ModelError` that names the model. */
export async function examineModel(
  model: string,
  means: LoadMeans & Surroundings,
  signal: AbortSignal,
): Promise<Candidate> {
  const path = await means.locate(model)
  if (path === undefined) throw gone(model)
  const { patience = usualPatience, now } = means
  const named = naming(model)
  const { file, use, preferences, adapterBytes } = await readSound(path, means.preferences(model)).catch(named)
  const packageDirectory = await waitFor(means.provision(), signal)
  const environment = { ...means.environment, ...keepCompiledCode(packageDirectory) }
  const confinement = means.isConfined === false ? unconfined : await means.confine()
  await waitFor(means.survey.ask(packageDirectory, { environment, confinement }), signal)
  return {
    plan: room => {
      try {
        return planLoad(file, { preferences, room, adapterBytes })
      } catch (error) {
        return named(error)
      }
    },
    leastBytes: room => leastMemory(file, { preferences, room, adapterBytes }),
    less: plan => planLess(file, plan, { preferences, adapterBytes }),
    start: async (plan, { signal: stop, ...listeners }) => {
      const made = { modelPath: path, packageDirectory, plan, use, ...computationOf(preferences) }
      // A model that writes nothing holds no conversations.
      const places = use === 'answers' ? await means.places?.open(made) : undefined
      const archive = places && { places, stateSize: stateSize(file, made.cacheType) }
      const settings = toSettings(preferences, { ...made, archive })
      const host = await startHost({ settings, environment, confinement, patience, now, ...listeners, signal: stop })
      void host.exited.then(({ isFileStuck }) => isFileStuck && means.places?.noteStuck())
      return host
    },
  }
}

/** Reads from a model's file what it takes at least. Throws a `ModelError`. */
export async function weighModel(model: string, { locate, preferences: wished }: LoadMeans): Promise<Weight> {
  const path = await locate(model)
  if (path === undefined) throw gone(model)
  const { file, preferences, adapterBytes } = await readSound(path, wished(model))
  return room => leastMemory(file, { preferences, room, adapterBytes })
}

interface Sound {
  readonly file: GgufFile
  readonly use: ModelUse
  readonly preferences: LoadPreferences
  readonly adapterBytes: number
}

async function readSound(path: string, wished: LoadPreferences): Promise<Sound> {
  const file = await readGguf(path)
  const use = useOf(file)
  const preferences = use === 'answers' ? wished : forPassages(wished)
  requireStorable(file, preferences)
  return { file, use, preferences, adapterBytes: await measureAdapters(file, preferences.adapters ?? []) }
}

function useOf({ shape: { pooling } }: GgufFile): ModelUse {
  if (pooling === undefined) return 'answers'
  return pooling === 'rank' ? 'scores' : 'vectors'
}

function computationOf({ cacheType = 'f16', flashAttention = 'auto', adapters = [] }: LoadPreferences): Computation {
  return { cacheType, flashAttention, adapters: adapters.map(({ path, scale }) => ({ path: resolve(path), scale })) }
}

interface Decided extends Computation {
  readonly modelPath: string
  readonly packageDirectory: string
  readonly plan: LoadPlan
  readonly use: ModelUse
  readonly archive: ArchiveSettings | undefined
}

function toSettings(preferences: LoadPreferences, { plan, archive, ...decided }: Decided): LoadSettings {
  const { batchTokens, pacing, threads, promptThreads, gpuLayers } = preferences
  return {
    ...decided,
    contextTokens: plan.contextTokens,
    slots: plan.slots,
    batchTokens: Math.min(batchTokens, plan.contextTokens),
    pacing,
    ...(archive && { archive }),
    ...(threads !== undefined && { threads }),
    ...(promptThreads !== undefined && { promptThreads }),
    ...(gpuLayers !== undefined && { gpuLayers }),
    ...(plan.graphics && { mostGpuLayers: plan.graphics.layers }),
  }
}

function gone(model: string): ModelError {
  return new ModelError('not-found', `the file of model '${model}' is gone; \`duologue pull\` gets it again`, {
    code: 'model-not-found',
  })
}

/* All models' files have the same name, so that alone tells nobody which model it is. */
function naming(model: string): (error: unknown) => never {
  return error => {
    if (!(error instanceof ModelError)) throw error
    throw new ModelError(error.kind, `model '${model}' cannot be loaded: ${error.message}`, { cause: error })
  }
}

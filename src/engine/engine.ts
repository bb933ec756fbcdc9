import type { Backend } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import { toAnswer } from './answer.ts'
import { findLosses, toChatPrompt } from './chat-prompt.ts'
import { startHost } from './host.ts'
import type { HostExit, ModelHost } from './host.ts'
import { planLoad } from './load-plan.ts'
import type { LoadPlan, LoadPreferences } from './load-plan.ts'
import type { GenerationTask } from './messages.ts'
import { createNormaliser } from './normalise/normalise.ts'
import type { Normaliser } from './normalise/normalise.ts'
import { createHostPool } from './pool.ts'
import type { HostPool, HostStatus } from './pool.ts'

/** The embedded engine: answers requests with models on this machine, each in a process of its own. */
export interface Engine extends Backend {
  countTokens(request: ModelRequest, signal: AbortSignal): Promise<number>
  /** Loads a model before anyone asks it something. Throws a `ModelError` that names the cause. */
  load(model: string): Promise<void>
  status(): readonly HostStatus[]
  /** Ends every model's process. */
  close(): Promise<void>
}

/** What happens to models, for the log and for progress displays. */
export type EngineNews =
  | { readonly type: 'loading'; readonly model: string; readonly contextTokens: number; readonly slots: number }
  | { readonly type: 'progress'; readonly model: string; readonly fraction: number }
  | { readonly type: 'ready'; readonly model: string; readonly processId: number | undefined }
  | { readonly type: 'crashed'; readonly model: string; readonly exit: HostExit }

export interface EngineOptions {
  /** Gives the path of a model's file; undefined for a model that is not here. */
  readonly locate: (model: string) => Promise<string | undefined>
  /** Gives the folder of the native package, installing it on first use. Throws a `ModelError`. */
  readonly provision: () => Promise<string>
  readonly preferences: LoadPreferences
  /** The rules of the normaliser that are not applied, by name. */
  readonly normaliseOff?: readonly string[]
  /** Bytes of memory that a model may take at this moment. */
  readonly availableMemoryBytes: () => number
  /** The environment variables that a model's process gets. */
  readonly environment: Readonly<Record<string, string>>
  readonly uniqueId: () => string
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  readonly onNews?: (news: EngineNews) => void
}

/** Makes the engine. Nothing is loaded until `load` or the first request. */
export function createEngine(options: EngineOptions): Engine {
  const news = options.onNews ?? (() => {})
  const pool = createHostPool({
    start: model => startModel(model, options, news),
    now: options.now,
    onCrash: (model, exit) => news({ type: 'crashed', model, exit }),
  })
  const normalise = createNormaliser(options.normaliseOff)
  return {
    name: 'engine',
    isLocal: true,
    stream: (request, signal) => stream(request, { pool, normalise, signal, uniqueId: options.uniqueId }),
    countTokens: async (request, signal) => {
      const prompt = toChatPrompt(normalise(request))
      return (await waitFor(pool.host(request.model), signal)).count(prompt)
    },
    load: async model => void (await pool.host(model)),
    status: () => pool.status(),
    close: () => pool.close(),
  }
}

async function startModel(model: string, options: EngineOptions, news: (news: EngineNews) => void): Promise<ModelHost> {
  const path = await options.locate(model)
  if (path === undefined) {
    throw new ModelError('not-found', `the file of model '${model}' is gone; \`duologue pull\` gets it again`, {
      code: 'model-not-found',
    })
  }
  const { contextTokens, slots } = await planNamed(model, path, options)
  const packageDirectory = await options.provision()
  news({ type: 'loading', model, contextTokens, slots })
  const { batchTokens, sharedPrefillTokens, threads, gpuLayers } = options.preferences
  const host = await startHost({
    settings: {
      modelPath: path,
      packageDirectory,
      contextTokens,
      slots,
      batchTokens: Math.min(batchTokens, contextTokens),
      sharedPrefillTokens,
      ...(threads !== undefined && { threads }),
      ...(gpuLayers !== undefined && { gpuLayers }),
    },
    environment: options.environment,
    onProgress: fraction => news({ type: 'progress', model, fraction }),
  })
  news({ type: 'ready', model, processId: host.processId })
  return host
}

/* All models' files have the same name, so that alone tells nobody which model it is. */
async function planNamed(model: string, path: string, options: EngineOptions): Promise<LoadPlan> {
  try {
    return await planLoad(path, options)
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    throw new ModelError(error.kind, `model '${model}' cannot be loaded: ${error.message}`, { cause: error })
  }
}

interface StreamMeans {
  readonly pool: HostPool
  readonly normalise: Normaliser
  readonly signal: AbortSignal
  readonly uniqueId: () => string
}

async function* stream(
  asked: ModelRequest,
  { pool, normalise, signal, uniqueId }: StreamMeans,
): ModelStream & AsyncGenerator {
  const request = normalise(asked)
  const losses = findLosses(request)
  const task = toTask(request)
  const id = uniqueId()
  const host = await waitFor(pool.host(request.model), signal)
  const hidesThinking = request.thinking?.display === 'omitted'
  yield* toAnswer(host.generate(task, signal), { id, model: request.model, losses, uniqueId, hidesThinking })
}

function toTask(request: ModelRequest): GenerationTask {
  const { sampling = {}, stopSequences = [], maxTokens, thinking } = request
  return {
    prompt: toChatPrompt(request),
    sampling,
    stopSequences,
    ...(maxTokens !== undefined && { maxTokens }),
    ...(thinking?.budgetTokens !== undefined && { thinkingTokens: thinking.budgetTokens }),
  }
}

/** Waits for a shared promise; a client that leaves stops waiting, and the promise goes on for the others. */
async function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const left = Promise.withResolvers<never>()
  const abort = (): void => left.reject(new ModelError('aborted', 'the client left before the model was ready'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, left.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

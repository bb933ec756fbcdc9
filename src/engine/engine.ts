import type { Backend, EmbedRequest, Embeddings, Ranking, RerankRequest } from '../core/backend.ts'
import type { CompletionRequest } from '../core/completion.ts'
import type { ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import { toAnswer } from './answer.ts'
import { findLosses, toChatPrompt } from './chat-prompt.ts'
import { createPlaceOpener } from './archive-places.ts'
import { examineModel, weighModel } from './candidate.ts'
import type { LoadMeans } from './candidate.ts'
import { embed } from './embed.ts'
import { countTokens } from './count-tokens.ts'
import { createConfiner } from './confinement.ts'
import { createGraphicsSurvey } from './graphics-survey.ts'
import type { GenerationTask } from './messages.ts'
import { createNormaliser } from './normalise/normalise.ts'
import type { Normaliser } from './normalise/normalise.ts'
import { createPoisonList } from './poison.ts'
import { createModelPool } from './pool.ts'
import type { PoolPolicy } from './pool-policy.ts'
import type { PoolNews } from './pool-news.ts'
import { toOutlook } from './outlook.ts'
import { createReadConversations } from './read-conversations.ts'
import type { ReadConversations } from './read-conversations.ts'
import { fiveMinutesMs, keepForMs, partsOf } from './prompt-parts.ts'
import type { ModelStatus } from './resident.ts'
import { rerank } from './rerank.ts'
import { runTask } from './run-task.ts'
import type { NamedTask } from './run-task.ts'
import { shareRuns } from './shared-runs.ts'
import type { Run, SharingPolicy } from './shared-runs.ts'
import { taskKey } from './task-key.ts'
import { createShortages } from './shortage.ts'
import { createTrials } from './trials.ts'
import { createTurns } from './turns.ts'
import type { Queue } from './turns.ts'

/** The embedded engine: answers requests with models on this machine, each in a process of its own. */
export interface Engine extends Backend {
  complete(request: CompletionRequest, signal: AbortSignal): ModelStream
  countTokens(request: ModelRequest, signal: AbortSignal): Promise<number>
  embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings>
  rerank(request: RerankRequest, signal: AbortSignal): Promise<Ranking>
  /** Loads a model before anyone asks it something. Throws a `ModelError` that names the cause. */
  load(model: string): Promise<void>
  /** The models that are loaded or being loaded, how far each is, and how busy. */
  status(): readonly (ModelStatus & Queue)[]
  /** Ends every model's process. */
  close(): Promise<void>
}

/** What happens to models, for the log and for progress displays; `Engine.status` says what was so far. */
export type EngineNews = PoolNews

export interface EngineOptions extends LoadMeans {
  readonly policy: PoolPolicy & SharingPolicy & { readonly mostWaiting: number }
  /** The rules of the normaliser that are not applied, by name. */
  readonly normaliseOff?: readonly string[]
  /** Bytes of memory that a model may take at this moment. */
  readonly availableMemoryBytes: () => number
  readonly uniqueId: () => string
  readonly onNews?: (news: EngineNews) => void
}

/** Makes the engine. Nothing is loaded until `load` or the first request. */
export function createEngine(options: EngineOptions): Engine {
  const { policy, now } = options
  const survey = createGraphicsSurvey()
  const places = options.archive && createPlaceOpener(options.archive, now)
  const loading = { ...options, survey, places, confine: createConfiner(options.environment) }
  const read = createReadConversations()
  const pool = createModelPool({
    ...options,
    examine: (model, signal) => examineModel(model, loading, signal),
    graphicsBytes: () => survey.freeBytes(),
    onNews: news => {
      if (news.type === 'crashed' || news.type === 'unloaded') read.forget(news.model)
      options.onNews?.(news)
    },
  })
  const shortage = createShortages({ weigh: model => weighModel(model, loading), room: model => pool.room(model), now })
  const turns = createTurns({ mostWaiting: policy.mostWaiting, now })
  const { queueTimeoutMs } = policy
  const means = { pool, turns, poison: createPoisonList(now), trials: createTrials(), queueTimeoutMs }
  const run = shareRuns({ ...policy, now, run: (task, signal) => runTask(task, means, signal) })
  const normalise = createNormaliser(options.normaliseOff)
  const status = () =>
    pool.status().map(model => ({ ...model, ...turns.measure(model.model, pool.slots(model.model)) }))
  return {
    name: 'engine',
    isLocal: true,
    losses: request => findLosses(normalise(request)),
    stream: (request, signal) => stream(request, { run, normalise, read, signal, uniqueId: options.uniqueId }),
    complete: (request, signal) => complete(request, { run, signal, uniqueId: options.uniqueId }),
    countTokens: async (request, signal) =>
      countTokens({ model: request.model, prompt: toChatPrompt(normalise(request)) }, means, signal),
    embed: (request, signal) => embed(request, means, signal),
    rerank: (request, signal) => rerank(request, means, signal),
    load: async model => (await pool.use(model, never)).release(),
    status,
    outlook: model => toOutlook({ status: status(), shortage }, model),
    unreadShare: request => read.unreadShare(normalise(request)),
    close: () => pool.close(),
  }
}

interface StreamMeans {
  readonly run: Run
  readonly signal: AbortSignal
  readonly uniqueId: () => string
}

interface ConversationMeans extends StreamMeans {
  readonly normalise: Normaliser
  readonly read: ReadConversations
}

async function* stream(
  asked: ModelRequest,
  { run, normalise, read, signal, uniqueId }: ConversationMeans,
): ModelStream & AsyncGenerator {
  const request = normalise(asked)
  const losses = findLosses(request)
  const task = toTask(request)
  const id = uniqueId()
  const { model } = request
  const happenings = run(nameTask(request, task), signal)
  const hidesThinking = request.thinking?.display === 'omitted'
  let isRead = false
  for await (const event of toAnswer(happenings, { id, model, losses, uniqueId, hidesThinking })) {
    // What comes after the start comes once the prompt is read.
    if (!isRead && event.type !== 'start') {
      isRead = true
      read.note(request)
    }
    yield event
  }
}

async function* complete(
  request: CompletionRequest,
  { run, signal, uniqueId }: StreamMeans,
): ModelStream & AsyncGenerator {
  const { model } = request
  const task = toRawTask(request)
  const happenings = run(nameTask(request, task), signal)
  yield* toAnswer(happenings, { id: uniqueId(), model, losses: [], uniqueId, hidesThinking: false })
}

function nameTask({ model, sender }: Pick<ModelRequest, 'model' | 'sender'>, task: GenerationTask): NamedTask {
  return { model, task, key: taskKey(model, task), isRetry: sender?.isRetry ?? false }
}

function turnOf({ priority, sender }: Pick<ModelRequest, 'priority' | 'sender'>): Partial<GenerationTask> {
  return { ...(priority !== undefined && { priority }), ...(sender && { sender: sender.id }) }
}

/* A name for a prompt that later requests share asks for no time of its own. */
function keepAll({ cache, resumes, cacheKey }: ModelRequest): Pick<GenerationTask, 'keepAllForMs'> {
  const wanted = [cache, resumes].flatMap(mark => (mark ? [keepForMs(mark)] : []))
  if (wanted.length > 0) return { keepAllForMs: Math.max(...wanted) }
  return cacheKey === undefined ? {} : { keepAllForMs: fiveMinutesMs }
}

function toTask(request: ModelRequest): GenerationTask {
  const { sampling = {}, stopSequences = [], maxTokens, thinking, topLogprobs } = request
  return {
    prompt: toChatPrompt(request),
    parts: partsOf(request),
    sampling,
    stopSequences,
    ...keepAll(request),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(thinking?.budgetTokens !== undefined && { thinkingTokens: thinking.budgetTokens }),
    ...(topLogprobs !== undefined && { topLogprobs }),
    ...turnOf(request),
  }
}

function toRawTask({ prompt, suffix, echoesPrompt = false, ...request }: CompletionRequest): GenerationTask {
  const { sampling = {}, stopSequences = [], maxTokens, topLogprobs } = request
  return {
    prompt: { raw: prompt, isEchoed: echoesPrompt, ...(suffix !== undefined && { suffix }) },
    parts: [],
    sampling,
    stopSequences,
    ...(maxTokens !== undefined && { maxTokens }),
    ...(topLogprobs !== undefined && { topLogprobs }),
    ...turnOf(request),
  }
}

const never = new AbortController().signal

import { setImmediate as nextTurn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { ModelError, toModelError } from '../../core/errors.ts'
import type { ChatPrompt } from '../chat-prompt.ts'
import type { CountResult, FromWorker, GenerationTask, ToWorker, WorkerFailure } from '../messages.ts'
import type { Pacing } from '../pacing.ts'
import type { RawPrompt } from '../raw-prompt.ts'
import { createChatTemplate, fallbackTemplate } from './chat-template.ts'
import type { ChatTemplate } from './chat-template.ts'
import type { Job } from './generation.ts'
import type { LanguageModel } from './language-model.ts'
import { createOutputPlanner, plainOutput } from './plan-output.ts'
import type { PlanOutput } from './plan-output.ts'
import { isReproducible, toSamplerConfig } from './sampling.ts'
import { createScheduler } from './scheduler.ts'
import type { Archive } from './archive.ts'
import { mapPrompt } from './prompt-map.ts'
import type { PromptMap } from './prompt-map.ts'
import { createPromptScale } from './prompt-scale.ts'
import type { PromptScale } from './prompt-scale.ts'
import { readRawPrompt } from './read-raw-prompt.ts'
import { createInTurn } from './in-turn.ts'
import type { InTurn } from './in-turn.ts'
import { createArrivals } from './arrivals.ts'
import type { Arrival } from './arrivals.ts'

/** A loaded model that takes the gateway's messages. */
export interface ServedModel {
  receive(message: Exclude<ToWorker, { type: 'load' }>): void
  /** Ends the work and writes away what should be found again. */
  leave(): Promise<void>
}

export interface ServeOptions {
  readonly archive: Archive
  readonly pacing: Pacing
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly send: (message: FromWorker) => void
  /** Gives the seed of a request that brings none. */
  readonly chooseSeed: () => number
  readonly onFailure: (error: unknown) => void
}

/** Serves a loaded model: renders and tokenizes prompts beside the steps, and schedules the answers. */
export function serve(model: LanguageModel, options: ServeOptions): ServedModel {
  const { send } = options
  const template = openTemplate(model)
  const scheduler = createScheduler({
    model,
    archive: options.archive,
    pacing: options.pacing,
    now: options.now,
    emit: news => send({ type: 'step', ...news }),
    onFailure: options.onFailure,
  })
  const means: Means = {
    model,
    read: createReader(model, prompt => template.render(prompt)),
    inTurn: createInTurn(),
    scale: openScale(model, send),
    chooseSeed: options.chooseSeed,
    isEven: options.pacing.isEven,
    plan: createOutputPlanner(model, template.format),
  }
  const arrivals = createArrivals({
    send,
    prepare: arrival => attempt(() => toJob(arrival, means)),
    submit: job => scheduler.submit(job),
  })
  return {
    leave: () => scheduler.leave(),
    receive: message => {
      switch (message.type) {
        case 'count':
          return void count(message.prompt, means).then(result => send({ type: 'count', id: message.id, result }))
        case 'embed':
        case 'rank':
          return send({ type: 'embedding', id: message.id, result: { failure: writesOnly } })
        case 'cancel':
          arrivals.drop(message.id)
          return scheduler.cancel(message.id)
        case 'pause':
          return scheduler.pause(message.id)
        case 'resume':
          return scheduler.resume(message.id)
        case 'generate':
          return void arrivals.take(message)
      }
    },
  }
}

/* A prompt of so many times the model's context is only estimated. */
const surplus = 2

function openScale(model: LanguageModel, send: ServeOptions['send']): PromptScale {
  return createPromptScale({
    most: model.contextTokens * surplus,
    count: text => model.tokenize(text).length,
    pause: async () => {
      // The gateway takes a process for dead that says nothing for long.
      send({ type: 'step', events: [] })
      await nextTurn()
    },
  })
}

function openTemplate(model: LanguageModel): ChatTemplate {
  const source = model.chatTemplate ?? fallbackTemplate
  const native = model.compileTemplate(source)
  return createChatTemplate({
    source,
    render: variables => native.render(variables),
    bos: model.bosText,
    eos: model.eosText,
    control: model.vocabulary.special.control,
  })
}

/* A long prompt is read in pieces, between which the answers of others go on. */
function createReader(model: LanguageModel, render: ChatTemplate['render']): Means['read'] {
  return async prompt => {
    const rendered = render(prompt)
    return { rendered, tokens: await model.tokenizePrompt(rendered.pieces, nextTurn) }
  }
}

interface Means {
  readonly model: LanguageModel
  readonly read: (
    prompt: ChatPrompt,
  ) => Promise<{ readonly rendered: ReturnType<ChatTemplate['render']>; readonly tokens: Uint32Array }>
  /** Prompts are read one after the other, so that nobody overtakes another one. */
  readonly inTurn: InTurn
  readonly scale: PromptScale
  readonly chooseSeed: () => number
  readonly isEven: boolean
  readonly plan: PlanOutput
}

async function toJob({ id, task }: Arrival, means: Means): Promise<Job> {
  const { prompt } = task
  const read = 'raw' in prompt ? await readRaw(prompt, means) : await readChat({ ...task, prompt }, means)
  return {
    id,
    priority: task.priority ?? 'normal',
    sender: task.sender ?? '',
    ...read,
    sampler: toSamplerConfig(task.sampling, means.chooseSeed()),
    // Small pieces are what makes the pace even, and what differs in the last digits.
    isReproducible: !means.isEven && isReproducible(task.sampling),
    stopSequences: task.stopSequences,
    maxTokens: task.maxTokens,
    topLogprobs: task.topLogprobs,
  }
}

type ReadPrompt = Pick<Job, 'tokens' | 'map' | 'output' | 'echo'>

async function readChat(
  task: GenerationTask & { readonly prompt: ChatPrompt },
  { model, read, inTurn, scale, plan }: Means,
): Promise<ReadPrompt> {
  requireFit((await scale.excess(task.prompt)) ?? 0, model)
  const { rendered, tokens } = await inTurn(() => read(task.prompt))
  requireFit(tokens.length, model)
  if (tokens.length === 0)
    throw new ModelError('invalid-request', 'the conversation is empty; send at least one message')
  const { parts, keepAllForMs } = task
  const map = mapPrompt({ text: rendered.text, tokens, parts, keepAllForMs }, some => model.spellPrompt(some))
  return { tokens, map, output: plan(task, rendered) }
}

async function readRaw(prompt: RawPrompt, { model, inTurn, scale }: Means): Promise<ReadPrompt> {
  const { raw, suffix = '', isEchoed } = prompt
  const prefill = typeof raw === 'string' ? raw + suffix : ''
  requireFit((await scale.excess({ messages: [], prefill })) ?? 0, model)
  const { tokens, text, lead } = await inTurn(async () => readRawPrompt(prompt, model))
  requireFit(tokens.length, model)
  if (tokens.length === 0) {
    throw new ModelError('invalid-request', 'prompt: it is empty, and this model has no token to begin with', {
      field: ['prompt'],
    })
  }
  const map: PromptMap = {
    marks: [],
    headTokens: () => 0,
    askedTokens: () => tokens.length,
    placeOf: () => 'prompt',
  }
  return { tokens, map, output: plainOutput, ...(isEchoed && { echo: { text, lead } }) }
}

const writesOnly: WorkerFailure = {
  kind: 'invalid-request',
  message: 'model: this one writes answers, and makes neither embeddings nor rankings',
  field: ['model'],
}

/* Agents look for these words to know that they must shorten the conversation. */
function requireFit(tokens: number, { contextTokens }: LanguageModel): void {
  if (tokens < contextTokens) return
  throw new ModelError('invalid-request', `prompt is too long: ${tokens} tokens > ${contextTokens - 1} maximum`, {
    code: 'context-length-exceeded',
  })
}

/* What the model may be asked is counted exactly, and far more than that about. */
async function count(prompt: ChatPrompt, { read, inTurn, scale }: Means): Promise<CountResult> {
  return attempt(async () => {
    const tooMany = await scale.excess(prompt)
    return { tokens: tooMany ?? (await inTurn(() => read(prompt))).tokens.length }
  })
}

async function attempt<T>(make: () => Promise<T>): Promise<T | { failure: WorkerFailure }> {
  try {
    return await make()
  } catch (error) {
    return { failure: toFailure(error) }
  }
}

function toFailure(thrown: unknown): WorkerFailure {
  const { kind, message, code, field, cause } = toModelError(thrown)
  return {
    kind,
    message,
    ...(code !== undefined && { code }),
    ...(field !== undefined && { field }),
    ...(cause !== undefined && { detail: inspect(cause) }),
  }
}

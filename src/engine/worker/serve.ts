import { inspect } from 'node:util'
import { ModelError, toModelError } from '../../core/errors.ts'
import type { FromWorker, GenerationTask, ToWorker, WorkerFailure } from '../messages.ts'
import { createChatTemplate, fallbackTemplate } from './chat-template.ts'
import type { ChatTemplate } from './chat-template.ts'
import type { Job } from './generation.ts'
import type { LanguageModel } from './language-model.ts'
import { createOutputPlanner } from './plan-output.ts'
import type { PlanOutput } from './plan-output.ts'
import { isReproducible, toSamplerConfig } from './sampling.ts'
import { createScheduler } from './scheduler.ts'
import type { Archive } from './archive.ts'
import { mapPrompt } from './prompt-map.ts'

/** A loaded model that takes the gateway's messages. */
export interface ServedModel {
  receive(message: Exclude<ToWorker, { type: 'load' }>): void
  /** Ends the work and writes away what should be found again. */
  leave(): Promise<void>
}

export interface ServeOptions {
  readonly sharedPrefillTokens: number
  readonly archive: Archive
  readonly send: (message: FromWorker) => void
  /** Gives the seed of a request that brings none. */
  readonly chooseSeed: () => number
  readonly onFailure: (error: unknown) => void
}

/** Serves a loaded model: renders and tokenizes prompts between steps, and schedules the answers. */
export function serve(model: LanguageModel, options: ServeOptions): ServedModel {
  const { send } = options
  const template = openTemplate(model)
  const scheduler = createScheduler({
    model,
    archive: options.archive,
    sharedPrefillTokens: options.sharedPrefillTokens,
    emit: (events, evaluates) => send({ type: 'step', events, evaluates }),
    onFailure: options.onFailure,
  })
  const means: Means = {
    model,
    render: prompt => template.render(prompt),
    chooseSeed: options.chooseSeed,
    plan: createOutputPlanner(model, template.format),
  }
  return {
    leave: () => scheduler.leave(),
    receive: message => {
      switch (message.type) {
        case 'count':
          return send({
            type: 'count',
            id: message.id,
            result: count(() => model.tokenizePrompt(template.render(message.prompt).text).length),
          })
        case 'cancel':
          return scheduler.cancel(message.id)
        case 'generate': {
          const job = attempt(() => toJob(message, means))
          if ('failure' in job) send({ type: 'step', events: [{ type: 'failed', id: message.id, ...job }] })
          else {
            const { losses } = job.output.constraint
            if (losses.length > 0) send({ type: 'step', events: [{ type: 'planned', id: job.id, losses }] })
            scheduler.submit(job)
          }
        }
      }
    },
  }
}

function openTemplate(model: LanguageModel): ChatTemplate {
  const source = model.chatTemplate ?? fallbackTemplate
  const native = model.compileTemplate(source)
  return createChatTemplate({
    source,
    render: variables => native.render(variables),
    bos: model.bosText,
    eos: model.eosText,
  })
}

interface Means {
  readonly model: LanguageModel
  readonly render: ChatTemplate['render']
  readonly chooseSeed: () => number
  readonly plan: PlanOutput
}

function toJob({ id, task }: { id: number; task: GenerationTask }, { model, render, chooseSeed, plan }: Means): Job {
  const rendered = render(task.prompt)
  const tokens = model.tokenizePrompt(rendered.text)
  if (tokens.length >= model.contextTokens) throw tooLong(tokens.length, model.contextTokens - 1)
  if (tokens.length === 0)
    throw new ModelError('invalid-request', 'the conversation is empty; send at least one message')
  return {
    id,
    priority: task.priority ?? 'normal',
    tokens,
    map: mapPrompt({ text: rendered.text, tokens, parts: task.parts, keepsAll: task.keepsAll }, some =>
      model.spellPrompt(some),
    ),
    sampler: toSamplerConfig(task.sampling, chooseSeed()),
    isReproducible: isReproducible(task.sampling),
    stopSequences: task.stopSequences,
    maxTokens: task.maxTokens,
    topLogprobs: task.topLogprobs,
    output: plan(task, rendered),
  }
}

/* Agents look for these words to know that they must shorten the conversation. */
function tooLong(tokens: number, maximum: number): ModelError {
  return new ModelError('invalid-request', `prompt is too long: ${tokens} tokens > ${maximum} maximum`, {
    code: 'context-length-exceeded',
  })
}

function count(tokens: () => number): { tokens: number } | { failure: WorkerFailure } {
  const counted = attempt(tokens)
  return typeof counted === 'number' ? { tokens: counted } : counted
}

function attempt<T>(make: () => T): T | { failure: WorkerFailure } {
  try {
    return make()
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

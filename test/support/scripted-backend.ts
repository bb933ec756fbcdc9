import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Backend } from '../../src/core/backend.ts'
import { ModelError } from '../../src/core/errors.ts'
import type { ModelEvent } from '../../src/core/events.ts'
import type { ModelRequest } from '../../src/core/request.ts'

/** An event to give, a time or a gate to wait for, or a failure to end with. */
export type Step =
  | ModelEvent
  | { readonly afterMs: number }
  | { readonly gate: Promise<unknown> }
  | { readonly fail: Error }

export interface ScriptedOptions {
  readonly steps: readonly Step[] | ((request: ModelRequest) => Iterable<Step>)
  readonly name?: string
  readonly inputTokens?: number
}

/** A backend that plays a script, and remembers what was asked of it and how each answer ended. */
export interface ScriptedBackend extends Backend {
  readonly requests: readonly ModelRequest[]
  /** Answers that began and did not end yet. */
  readonly open: number
  /** Answers whose `finally` ran. */
  readonly closed: number
  /** Settles when so many answers have begun. */
  begun(count: number): Promise<void>
  /** Settles when so many answers have ended. */
  ended(count: number): Promise<void>
}

export function scripted({ steps, name = 'scripted', inputTokens }: ScriptedOptions): ScriptedBackend {
  const requests: ModelRequest[] = []
  const changes = new EventTarget()
  let closed = 0
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await once(changes, 'change')
  }
  const changed = () => changes.dispatchEvent(new Event('change'))
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    requests.push(request)
    changed()
    try {
      for (const step of typeof steps === 'function' ? steps(request) : steps) {
        if (signal.aborted) throw new ModelError('aborted', 'cancelled')
        if ('type' in step) yield step
        else await play(step, signal)
      }
    } finally {
      closed += 1
      changed()
    }
  }
  return {
    name,
    isLocal: true,
    stream,
    ...(inputTokens !== undefined && { countTokens: async () => inputTokens }),
    requests,
    get open() {
      return requests.length - closed
    },
    get closed() {
      return closed
    },
    begun: count => until(() => requests.length >= count),
    ended: count => until(() => closed >= count),
  }
}

async function play(step: Exclude<Step, ModelEvent>, signal: AbortSignal): Promise<void> {
  if ('fail' in step) throw step.fail
  const waiting = 'gate' in step ? step.gate : delay(step.afterMs, undefined, { signal })
  const leaving = once(signal, 'abort').then(() => {
    throw new ModelError('aborted', 'cancelled')
  })
  await Promise.race([waiting.catch(() => leaving), leaving])
}

/** The events of an answer that says `pieces`, one delta each. */
export function says(...pieces: readonly string[]): ModelEvent[] {
  return [...begins(), ...pieces.map(text), ...ends(pieces.length)]
}

/** The events before the first text. */
export function begins(model = 'scripted-model'): ModelEvent[] {
  return [
    { type: 'start', id: 'upstream-1', model, usage: { inputTokens: 7 } },
    { type: 'block-start', index: 0, block: { type: 'text' } },
  ]
}

export function text(piece: string): ModelEvent {
  return { type: 'text-delta', index: 0, text: piece }
}

/** The events after the last text. */
export function ends(outputTokens: number): ModelEvent[] {
  return [
    { type: 'block-end', index: 0 },
    { type: 'end', stop: { reason: 'end-turn' }, usage: { inputTokens: 7, outputTokens } },
  ]
}

/** A gate that a test opens. */
export function gate(): { readonly gate: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { gate: promise, open: resolve }
}

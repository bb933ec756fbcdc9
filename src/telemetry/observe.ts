import { isDeepStrictEqual } from 'node:util'
import type { RelayedPiece } from '../core/backend.ts'
import type { CacheReport } from '../core/cache-report.ts'
import type { ErrorKind } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { Stop } from '../core/stop.ts'
import type { Usage } from '../core/usage.ts'

/** What became of one target that was tried. */
export interface TracedAttempt {
  /** As `provider/model`. */
  readonly target: string
  /** Why it was given up; absent for the one that answers. */
  readonly failure?: ErrorKind
  /** Whether it was passed over without being asked. */
  readonly isSkipped?: true
  /** The same in our words. */
  readonly why?: string
  /** What the target itself said of it, in plain words. */
  readonly said?: string
}

/** What is known so far of one answer. It grows as the answer passes by. */
export interface AnswerTrace {
  /** The request's own name, where it has one. */
  requestId?: string
  /** The name that the client asked for. */
  requestedModel?: string
  /** The name that answers. */
  model?: string
  isStreaming?: boolean
  /** What decided where the request goes: a rule's name, or what is built in. */
  route?: string
  /** What keeps the request on local machines, if anything does. */
  localOnly?: string
  /** Which target answers, as `provider/model`. */
  target?: string
  /** Whether the target was not asked, and the result is an estimate. */
  isEstimated?: true
  /** What became of each target that was tried. */
  attempts: TracedAttempt[]
  usage: Usage
  msToFirstEvent?: number
  stop?: Stop['reason']
  /** What of the request the answering target was not told. */
  losses?: readonly Loss[]
  /** What became of the prompt in the cache. It holds text of the conversation. */
  cache?: CacheReport
}

/** Gives a trace of which nothing is known yet. */
export function startTrace(): AnswerTrace {
  return { attempts: [], usage: {} }
}

/** Adds what one of several answers cost to what all of them together did. What only one of them can say is the latest's. */
export function addTrace(whole: AnswerTrace, part: AnswerTrace): void {
  const { attempts, usage, msToFirstEvent, cache: _cache, ...latest } = part
  whole.attempts.push(...attempts.filter(attempt => !whole.attempts.some(known => isDeepStrictEqual(known, attempt))))
  const names = new Set([...usageNames(whole), ...usageNames(part)])
  whole.usage = Object.fromEntries([...names].map(name => [name, (whole.usage[name] ?? 0) + (usage[name] ?? 0)]))
  Object.assign(whole, latest)
  if (msToFirstEvent !== undefined) whole.msToFirstEvent ??= msToFirstEvent
}

/** Passes an answer on unchanged and notes in `trace` what it costs and how long it takes. */
export function observe(
  events: ModelStream,
  trace: AnswerTrace,
  elapsedMs: () => number,
): AsyncIterableIterator<ModelEvent> {
  return look(events, event => note(event, trace), { trace, elapsedMs })
}

/** Passes a relayed answer on unchanged and notes the same of the events in it. */
export function observePieces(
  pieces: AsyncIterable<RelayedPiece>,
  trace: AnswerTrace,
  elapsedMs: () => number,
): AsyncIterableIterator<RelayedPiece> {
  const noteAll = ({ events }: RelayedPiece) => {
    for (const event of events) note(event, trace)
  }
  return look(pieces, noteAll, { trace, elapsedMs })
}

interface Looking {
  readonly trace: AnswerTrace
  readonly elapsedMs: () => number
}

/* An iterator by hand: every token goes through here, and a generator would cost three promises where this costs one. */
function look<Item>(
  items: AsyncIterable<Item>,
  noteItem: (item: Item) => void,
  { trace, elapsedMs }: Looking,
): AsyncIterableIterator<Item> {
  const source = items[Symbol.asyncIterator]()
  const seen = (result: IteratorResult<Item>) => {
    if (!result.done) noteItem(result.value)
    trace.msToFirstEvent ??= elapsedMs()
    return result
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => source.next().then(seen),
    async return() {
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}

function note(event: ModelEvent, trace: AnswerTrace): void {
  if (event.type === 'start') {
    trace.model = event.model
    trace.usage = event.usage
    if (event.losses) trace.losses = event.losses
    if (event.cache) trace.cache = event.cache
  } else if (event.type === 'end') {
    trace.stop = event.stop.reason
    trace.usage = { ...trace.usage, ...event.usage }
    if (event.losses) trace.losses = [...(trace.losses ?? []), ...event.losses]
  }
}

function usageNames({ usage }: AnswerTrace): readonly (keyof Usage)[] {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a usage has no other fields
  return Object.keys(usage) as (keyof Usage)[]
}

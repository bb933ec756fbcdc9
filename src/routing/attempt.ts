import type { RelayedPiece } from '../core/backend.ts'
import { ModelError, toModelError } from '../core/errors.ts'
import type { ModelEvent } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { Ask, Relay } from './ask.ts'
import type { Clock } from './clock.ts'
import { commit } from './commit.ts'
import type { Patience } from './patience.ts'
import { reportEnd } from './report-end.ts'
import { targetName, type PlannedTarget } from './route-plan.ts'
import type { Trial } from './trial.ts'
import { supervise, type Supervision } from './supervise.ts'

/** The target that answers, and its answer: as events, or as the very bytes of its reply with the events in them. */
export type Found =
  | { readonly type: 'events'; readonly target: PlannedTarget; readonly events: AsyncIterableIterator<ModelEvent> }
  | { readonly type: 'relay'; readonly target: PlannedTarget; readonly pieces: AsyncIterableIterator<RelayedPiece> }

/** What one attempt keeps to. */
export interface AttemptRules {
  readonly signal: AbortSignal
  /** Whether the client's protocol shows this event. An attempt is final once it has shown one. */
  readonly isVisible: (event: ModelEvent) => boolean
  readonly patience: Patience
  readonly clock: Clock
  /** Whether what a target cannot express is refused rather than left out. */
  readonly isStrict?: boolean
  /** When the whole search is over, by the clock. */
  readonly endsAt?: number
}

/** Makes a search's trial of what is asked. */
export function answerTrial(ask: Ask, rules: AttemptRules): Trial<Found> {
  return {
    model: ask.model,
    attempt: target => attempt(target, ask, rules),
    isAsked: () => true,
    isRelayed: target => ask.relay(target) !== undefined,
    losses: target => ask.losses(target),
    watch: (found, onEnd) =>
      found.type === 'events'
        ? { ...found, events: reportEnd(found.events, onEnd) }
        : { ...found, pieces: reportEnd(found.pieces, onEnd) },
  }
}

/** Asks a target and waits until its attempt is final. Throws a `ModelError`; until then the client has seen nothing. */
async function attempt(target: PlannedTarget, ask: Ask, rules: AttemptRules): Promise<Found> {
  try {
    const way = ask.relay(target)
    return way ? await relay(target, way, rules) : await answer(target, ask, rules)
  } catch (error) {
    throw toModelError(error)
  }
}

async function answer(target: PlannedTarget, ask: Ask, rules: AttemptRules): Promise<Found> {
  const events = supervise(signal => ask.open(target, signal), { ...supervisionOf(target, rules), isSaying })
  const checked = rules.isStrict ? refuseLosses(events, target) : events
  const found = await commit(checked, {
    signal: rules.signal,
    patience: rules.patience,
    isVisible: rules.isVisible,
    isTelling: () => true,
    isEnd,
  })
  return { type: 'events', target, events: found }
}

async function relay(target: PlannedTarget, way: Relay, rules: AttemptRules): Promise<Found> {
  const timed = way.isStreaming ? target : timedAsWhole(target)
  const pieces = supervise(signal => way.open(signal), {
    ...supervisionOf(timed, rules),
    isSaying: ({ events }) => events.some(isSaying),
  })
  const found = await commit(pieces, {
    signal: rules.signal,
    patience: rules.patience,
    isVisible: ({ events }) => events.some(event => rules.isVisible(event)),
    isTelling: ({ events }) => events.length > 0,
    isEnd: ({ events }) => events.some(isEnd),
  })
  return { type: 'relay', target, pieces: found }
}

/** Leaves of a target's limits what holds for an answer that comes as a whole: its first word comes with its last. */
export function timedAsWhole(target: PlannedTarget): PlannedTarget {
  const { firstTokenMs: _first, idleMs: _idle, ...timeouts } = target.timeouts
  return { ...target, timeouts }
}

/** Gives what an attempt at a target is held to. */
export function supervisionOf(
  { timeouts }: PlannedTarget,
  { signal, clock, endsAt = Infinity }: Pick<AttemptRules, 'signal' | 'clock' | 'endsAt'>,
): Omit<Supervision<unknown>, 'isSaying'> {
  const totalMs = Math.min(timeouts.totalMs ?? Infinity, Math.max(endsAt - clock.now(), 0))
  return { signal, clock, timeouts: Number.isFinite(totalMs) ? { ...timeouts, totalMs } : timeouts }
}

function isSaying({ type }: ModelEvent): boolean {
  return type !== 'start'
}

function isEnd({ type }: ModelEvent): boolean {
  return type === 'end'
}

/* What a target learns of its losses only as it begins: nothing of such an answer reaches the client. */
async function* refuseLosses(events: AsyncIterable<ModelEvent>, target: PlannedTarget): AsyncGenerator<ModelEvent> {
  for await (const event of events) {
    if (event.type === 'start' && event.losses && event.losses.length > 0) throw tooLossy(target, event.losses)
    yield event
  }
}

const lossesTold = 5
/* A client may give a field any name. */
const lettersTold = 200

/** The failure of a target that cannot be told all of a request that must not lose anything. */
export function tooLossy(target: PlannedTarget, losses: readonly Loss[]): ModelError {
  const told = losses
    .slice(0, lossesTold)
    .map(({ field, action, why }) => `${field.slice(0, lettersTold)} would be ${action}: ${why}`)
  return new ModelError(
    'invalid-request',
    `the request is strict, and ${targetName(target)} cannot be told all of it: ${told.join('; ')}`,
    { code: 'unsupported-value' },
  )
}

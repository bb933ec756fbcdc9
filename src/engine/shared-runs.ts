import { EventLog } from './event-log.ts'
import { bytesOf, joinEvents } from './join-events.ts'
import type { GenerationEvent } from './messages.ts'
import type { NamedTask } from './run-task.ts'
import { isReproducible } from './worker/sampling.ts'

/**
 * Which requests of a client attach to its running one that asks for the same (docs/adr/0012):
 * none, those that must get the same answer anyway or are surely sent again, or all.
 */
export type AttachRule = 'never' | 'resent' | 'always'

/** Runs a task, and cancels it when its signal is aborted. */
export type Run = (task: NamedTask, signal: AbortSignal) => AsyncGenerator<GenerationEvent>

/** What the owner wants of repeated requests. */
export interface SharingPolicy {
  readonly attach: AttachRule
  /** How long a run goes on when its last follower left. */
  readonly attachGraceMs: number
}

export interface SharingOptions extends SharingPolicy {
  readonly run: Run
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

interface SharedRun {
  readonly log: EventLog<GenerationEvent>
  readonly canceller: AbortController
  followers: number
  /** When its prompt began to be read. */
  started: number | undefined
  /** Whether a client may have seen something of the answer. */
  hasShown: boolean
  grace: NodeJS.Timeout | undefined
}

/* No client gives up waiting sooner, and who wants several samples asks for them sooner, or later than the first text. */
const resentAfterMs = 10_000

/* Some hundred thousand letters: a longer answer cannot be heard from its beginning again. */
const mostBytes = 1024 * 1024

/** Makes a way to run tasks in which a repetition of a running one may follow it instead of running too. */
export function shareRuns(options: SharingOptions): Run {
  if (options.attach === 'never') return options.run
  const runs = new Map<string, SharedRun>()
  return (task, signal) => follow({ task, signal, runs }, options)
}

interface Following {
  readonly task: NamedTask
  readonly signal: AbortSignal
  readonly runs: Map<string, SharedRun>
}

async function* follow({ task, signal, runs }: Following, options: SharingOptions): AsyncGenerator<GenerationEvent> {
  const name = shareName(task)
  const running = runs.get(name)
  const shared = running && mayAttach(running, task, options) ? running : begin(task, runs, options)
  const leave = join(shared, () => abandon(shared, { key: name, runs, graceMs: options.attachGraceMs }))
  // A client that left may never ask for the next event.
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  try {
    yield* shared.log.read(signal)
    forget(shared, name, runs)
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
  }
}

/* What one client hears is no other client's business. */
function shareName({ key, task }: NamedTask): string {
  return `${key} ${task.sender ?? ''}`
}

/** Counts a follower; gives the means to leave, which the last one does with consequences. */
function join(shared: SharedRun, onLastLeft: () => void): () => void {
  let isHere = true
  shared.followers += 1
  clearTimeout(shared.grace)
  return () => {
    if (!isHere) return
    isHere = false
    shared.followers -= 1
    if (shared.followers === 0) onLastLeft()
  }
}

function mayAttach(running: SharedRun, { task, isRetry }: NamedTask, { attach, now }: SharingOptions): boolean {
  // Whoever tries again wants another outcome.
  if (running.log.hasFailed || !running.log.isWhole) return false
  if (attach !== 'resent') return attach === 'always'
  if (isRetry || isReproducible(task.sampling) || running.followers === 0) return true
  return running.started !== undefined && !running.hasShown && now() - running.started >= resentAfterMs
}

function begin(task: NamedTask, runs: Map<string, SharedRun>, { run, now }: SharingOptions): SharedRun {
  const shared: SharedRun = {
    log: new EventLog({ bytesOf, join: joinEvents, mostBytes }),
    canceller: new AbortController(),
    followers: 0,
    started: undefined,
    hasShown: false,
    grace: undefined,
  }
  // Where several run side by side, the latest is the one to attach to.
  runs.set(shareName(task), shared)
  void pump(run(task, shared.canceller.signal), shared, now).finally(() => {
    if (shared.followers > 0 || shared.log.hasFailed) forget(shared, shareName(task), runs)
  })
  return shared
}

async function pump(events: AsyncGenerator<GenerationEvent>, shared: SharedRun, now: () => number): Promise<void> {
  try {
    for await (const event of events) {
      if (event.type === 'started') shared.started = now()
      else if (event.type !== 'planned') shared.hasShown = true
      shared.log.push(event)
      await shared.log.room(shared.canceller.signal)
    }
    shared.log.end()
  } catch (error) {
    shared.log.end({ error })
  }
}

/** Cancels a run that nobody follows, at once or after the grace; one that ended meanwhile can still be fetched. */
function abandon(
  shared: SharedRun,
  { key, runs, graceMs }: { key: string; runs: Map<string, SharedRun>; graceMs: number },
): void {
  const giveUp = (): void => {
    forget(shared, key, runs)
    shared.canceller.abort()
  }
  if (graceMs === 0 || runs.get(key) !== shared || !shared.log.isWhole) return giveUp()
  shared.grace = setTimeout(giveUp, graceMs)
  shared.grace.unref()
}

function forget(shared: SharedRun, key: string, runs: Map<string, SharedRun>): void {
  if (runs.get(key) === shared) runs.delete(key)
}

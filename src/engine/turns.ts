import { EvenShares } from '../core/even-shares.ts'
import { ModelError } from '../core/errors.ts'

/** How busy a model is. */
export interface Queue {
  /** Requests whose answers are being read for or written. */
  readonly answering: number
  /** Requests that wait for a slot, or for the model to be loaded. */
  readonly waiting: number
  /** How long a request that comes now would likely wait; absent where nothing is known of how long answers take. */
  readonly estimatedWaitMs?: number
}

/** One request's place in a model's queue. */
export interface Turn {
  /** Its answer begins. */
  begin(): void
  /** Its answer is whole: how long that took counts for those that wait. */
  finish(): void
  /** It is over, however it ended. */
  leave(): void
}

/** The bounded queues of all models. */
export interface Turns {
  /**
   * Takes a place for a client. Throws `overloaded`, with the time to come back, where the model's queue is full and the
   * client has its share of it.
   */
  enter(model: string, slots: number, client: string): Turn
  /** How busy a model with so many slots is. */
  measure(model: string, slots: number): Queue
  /** When a request that found no place had better come again. */
  retryAfterMs(model: string, slots: number): number
}

interface Line {
  readonly shares: EvenShares
  answering: number
  waiting: number
  /** How long an answer takes, the recent ones counting more. */
  usualMs: number | undefined
  /** When those that run began, the oldest first. */
  readonly began: Set<{ readonly atMs: number }>
}

/* Each answer moves the measure by a fifth of the way. */
const weightOfLatest = 0.2

const shortestRetryMs = 1000
const longestRetryMs = 60_000
const unmeasuredRetryMs = 5000

/** Makes queues of at most `mostWaiting` requests for each model, over a clock that never goes back. */
export function createTurns({ mostWaiting, now }: { mostWaiting: number; now: () => number }): Turns {
  const lines = new Map<string, Line>()
  return {
    enter: (model, slots, client) => {
      const line = lines.get(model) ?? emptyLine()
      lines.set(model, line)
      if (!line.shares.hasRoom(client, 1, slots + mostWaiting))
        throw full(model, line.waiting, retryAfter(line, slots, now()))
      return takeTurn(line, client, now)
    },
    retryAfterMs: (model, slots) => retryAfter(lines.get(model) ?? emptyLine(), slots, now()),
    measure: (model, slots) => {
      const line = lines.get(model)
      return line ? measure(line, slots, now()) : { answering: 0, waiting: 0 }
    },
  }
}

function emptyLine(): Line {
  return { shares: new EvenShares(), answering: 0, waiting: 0, usualMs: undefined, began: new Set() }
}

function takeTurn(line: Line, client: string, now: () => number): Turn {
  let began: { readonly atMs: number } | undefined
  let isWhole = false
  let isOver = false
  line.waiting += 1
  line.shares.take(client, 1)
  return {
    begin: () => {
      if (isOver || began) return
      began = { atMs: now() }
      line.began.add(began)
      line.waiting -= 1
      line.answering += 1
    },
    finish: () => {
      if (!isOver && began) learn(line, now() - began.atMs)
      isWhole = true
    },
    leave: () => {
      if (isOver) return
      isOver = true
      line.shares.giveBack(client, 1)
      if (!began) line.waiting -= 1
      else {
        line.began.delete(began)
        line.answering -= 1
        const took = now() - began.atMs
        // What was left early says only that it would have taken longer.
        if (!isWhole && line.usualMs !== undefined && took > line.usualMs) learn(line, took)
      }
    },
  }
}

function learn(line: Line, tookMs: number): void {
  line.usualMs = line.usualMs === undefined ? tookMs : line.usualMs + weightOfLatest * (tookMs - line.usualMs)
}

function measure({ answering, waiting, usualMs, began }: Line, slots: number, nowMs: number): Queue {
  const ahead = Math.max(0, answering + waiting + 1 - slots)
  // Before the first answer ended, it is known how long it has taken at least.
  const [oldest] = began
  const eachMs = usualMs ?? (oldest && nowMs - oldest.atMs)
  const estimatedWaitMs = ahead === 0 ? 0 : eachMs === undefined ? undefined : Math.round((ahead * eachMs) / slots)
  return { answering, waiting, ...(estimatedWaitMs !== undefined && { estimatedWaitMs }) }
}

function retryAfter(line: Line, slots: number, nowMs: number): number {
  const leastMs = line.usualMs === undefined ? unmeasuredRetryMs : shortestRetryMs
  const { estimatedWaitMs = 0 } = measure(line, slots, nowMs)
  return Math.min(longestRetryMs, Math.max(leastMs, estimatedWaitMs))
}

function full(model: string, waiting: number, retryAfterMs: number): ModelError {
  return new ModelError(
    'overloaded',
    `the queue of model '${model}' is full: ${waiting} requests wait; try again later`,
    { retryAfterMs },
  )
}

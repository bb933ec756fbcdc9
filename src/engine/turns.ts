import { ModelError } from '../core/errors.ts'

/** How busy a model is. */
export interface Queue {
  /** Requests whose answers are being read for or written. */
  readonly answering: number
  /** Requests that wait for a slot, or for the model to be loaded. */
  readonly waiting: number
  /** How long a request that comes now would likely wait; absent where no answer was measured yet. */
  readonly estimatedWaitMs?: number
}

/** One request's place in a model's queue. */
export interface Turn {
  /** Its answer begins. */
  begin(): void
  /** It is over, however it ended. */
  leave(): void
}

/** The bounded queues of all models. */
export interface Turns {
  /** Takes a place. Throws `overloaded`, with the time to come back, where the model's queue is full. */
  enter(model: string, slots: number): Turn
  /** How busy a model with so many slots is. */
  measure(model: string, slots: number): Queue
}

interface Line {
  answering: number
  waiting: number
  /** How long an answer takes, the recent ones counting more. */
  usualMs: number | undefined
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
    enter: (model, slots) => {
      const line = lines.get(model) ?? { answering: 0, waiting: 0, usualMs: undefined }
      lines.set(model, line)
      if (line.answering + line.waiting >= slots + mostWaiting) throw full(model, measure(line, slots))
      return takeTurn(line, now)
    },
    measure: (model, slots) => {
      const line = lines.get(model)
      return line ? measure(line, slots) : { answering: 0, waiting: 0 }
    },
  }
}

function takeTurn(line: Line, now: () => number): Turn {
  let began: number | undefined
  let isOver = false
  line.waiting += 1
  return {
    begin: () => {
      if (isOver || began !== undefined) return
      began = now()
      line.waiting -= 1
      line.answering += 1
    },
    leave: () => {
      if (isOver) return
      isOver = true
      if (began === undefined) line.waiting -= 1
      else {
        line.answering -= 1
        const took = now() - began
        line.usualMs = line.usualMs === undefined ? took : line.usualMs + weightOfLatest * (took - line.usualMs)
      }
    },
  }
}

function measure({ answering, waiting, usualMs }: Line, slots: number): Queue {
  const ahead = Math.max(0, answering + waiting + 1 - slots)
  const estimatedWaitMs = ahead === 0 ? 0 : usualMs === undefined ? undefined : Math.round((ahead * usualMs) / slots)
  return { answering, waiting, ...(estimatedWaitMs !== undefined && { estimatedWaitMs }) }
}

function full(model: string, { waiting, estimatedWaitMs = unmeasuredRetryMs }: Queue): ModelError {
  const retryAfterMs = Math.min(longestRetryMs, Math.max(shortestRetryMs, estimatedWaitMs))
  return new ModelError(
    'overloaded',
    `the queue of model '${model}' is full: ${waiting} requests wait; try again later`,
    {
      retryAfterMs,
    },
  )
}

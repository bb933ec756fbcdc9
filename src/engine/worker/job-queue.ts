import type { Priority } from '../../core/request.ts'

/** What waits for a slot. */
export interface Waiting {
  readonly id: number
  readonly priority: Priority
}

/** Requests in the order in which they get a slot. */
export interface JobQueue<T extends Waiting> {
  readonly length: number
  /** The next one; undefined where none waits. */
  readonly first: T | undefined
  has(id: number): boolean
  push(job: T): void
  /** Takes out a request, wherever it stands. */
  remove(id: number): void
}

/*
 * A request is overtaken only by those of higher priority that come within this time after it. So a low one waits at
 * most 30 seconds longer than it would without priorities, however many high ones come.
 */
const patienceMs: Readonly<Record<Priority, number>> = { high: 0, normal: 10_000, low: 30_000 }

/** Makes a queue over a clock that never goes back. */
export function createJobQueue<T extends Waiting>(now: () => number): JobQueue<T> {
  const entries: { readonly job: T; readonly due: number }[] = []
  return {
    get length() {
      return entries.length
    },
    get first() {
      return entries[0]?.job
    },
    has: id => entries.some(({ job }) => job.id === id),
    push: job => {
      const due = now() + patienceMs[job.priority]
      const before = entries.findLastIndex(entry => entry.due <= due)
      entries.splice(before + 1, 0, { job, due })
    },
    remove: id => {
      const index = entries.findIndex(({ job }) => job.id === id)
      if (index >= 0) entries.splice(index, 1)
    },
  }
}

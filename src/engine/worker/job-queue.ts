import type { Priority } from '../../core/request.ts'

/** What waits for a slot. */
export interface Waiting {
  readonly id: number
  readonly priority: Priority
  /** Whose it is. */
  readonly sender: string
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
 * A request is overtaken only by those that count as due before it: those of higher priority, and those of clients
 * with fewer requests that wait. Nobody is overtaken by one that comes later than this, however many there are.
 */
const longestMs = 30_000

const patienceMs: Readonly<Record<Priority, number>> = { high: 0, normal: 10_000, low: longestMs }

/* Each request that waits counts as if its client's next one had come so much later. */
const patienceForEachMs = 2000

interface Entry<T> {
  readonly job: T
  readonly due: number
}

/** Makes a queue over a clock that never goes back. */
export function createJobQueue<T extends Waiting>(now: () => number): JobQueue<T> {
  const entries: Entry<T>[] = []
  return {
    get length() {
      return entries.length
    },
    get first() {
      return entries[0]?.job
    },
    has: id => entries.some(({ job }) => job.id === id),
    push: job => {
      const due = dueOf(job, entries, now())
      const before = entries.findLastIndex(entry => entry.due <= due)
      entries.splice(before + 1, 0, { job, due })
    },
    remove: id => {
      const index = entries.findIndex(({ job }) => job.id === id)
      if (index >= 0) entries.splice(index, 1)
    },
  }
}

function dueOf<T extends Waiting>({ priority, sender }: T, entries: readonly Entry<T>[], nowMs: number): number {
  const own = entries.filter(({ job }) => job.sender === sender)
  const patience = Math.min(longestMs, patienceMs[priority] + own.length * patienceForEachMs)
  // A client's requests of one priority keep their order.
  const earlier = own.findLast(({ job }) => job.priority === priority)
  return Math.max(nowMs + patience, earlier?.due ?? 0)
}

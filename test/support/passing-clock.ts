import type { Clock } from '../../src/routing/clock.ts'

/** A clock that stands until a test lets time pass. */
export interface PassingClock extends Clock {
  /** Lets time pass, and does what was to be done meanwhile, in its order. */
  pass(milliseconds: number): void
  /** How much is waited for. */
  readonly waiting: number
}

export function passingClock(): PassingClock {
  let now = 0
  const alarms = new Set<{ readonly at: number; readonly act: () => void }>()
  const next = (until: number) =>
    [...alarms].filter(({ at }) => at <= until).toSorted((one, other) => one.at - other.at)[0]
  return {
    now: () => now,
    after: (milliseconds, act) => {
      const alarm = { at: now + milliseconds, act }
      alarms.add(alarm)
      return () => void alarms.delete(alarm)
    },
    pass: milliseconds => {
      const until = now + milliseconds
      for (let alarm = next(until); alarm; alarm = next(until)) {
        now = alarm.at
        alarms.delete(alarm)
        alarm.act()
      }
      now = until
    },
    get waiting() {
      return alarms.size
    },
  }
}

/** A clock on which every wait is over at once, and adds to the time. */
export function hastyClock(): Clock {
  let now = 0
  return {
    now: () => now,
    after: (milliseconds, act) => {
      now += milliseconds
      queueMicrotask(act)
      return () => undefined
    },
  }
}

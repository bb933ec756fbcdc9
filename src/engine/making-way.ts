import { chooseEnough } from './memory-budget.ts'
import type { Resident, ResidentHolding } from './resident.ts'
import { urgencies } from './urgencies.ts'

/* Most answers are over sooner, and then nothing has to be loaded twice. */
const patienceMs = 10_000

/* As in the queue of one model, nobody is overtaken by what is urgent for longer than this. */
const urgentForMs = 30_000

/* A model that was loaded answers for longer than it took to load, on any machine worth running it on. */
const leastTurnMs = 20_000

/** Whether somebody has waited for a model for so long that busy ones should make way for it. */
export function isDue({ state, uses, askedSince }: Resident, nowMs: number): boolean {
  return state === 'waiting' && uses.size > 0 && nowMs - askedSince >= patienceMs
}

/**
 * Chooses the busy models that make way for one that waits, to gain `bytes`: those with the least urgent requests
 * first, and then the least recently used; none that is pinned, has just been loaded, or answers something more urgent
 * that came lately. Gives nothing where that does not suffice.
 */
export function chooseLeaving(
  holdings: readonly ResidentHolding[],
  { waiting, bytes }: { readonly waiting: Resident; readonly bytes: number },
  nowMs: number,
): readonly Resident[] {
  const urgency = nowMs - waiting.askedSince >= urgentForMs ? Infinity : urgencyOf(waiting)
  const candidates = holdings.filter(
    ({ state, resident }) =>
      state === 'busy' && nowMs - resident.readySince >= leastTurnMs && urgencyOf(resident) <= urgency,
  )
  const ordered = candidates.toSorted(
    (a, b) => urgencyOf(a.resident) - urgencyOf(b.resident) || a.lastUsed - b.lastUsed,
  )
  return chooseEnough(ordered, bytes).map(({ resident }) => resident)
}

function urgencyOf({ uses }: Resident): number {
  return Math.max(...[...uses].map(({ priority }) => urgencies[priority]))
}

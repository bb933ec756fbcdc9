import { isApart } from './checkpoints.ts'
import type { Lane, Work } from './lane.ts'
import { unreadOf } from './lane-entry.ts'
import type { ModelSlots } from './model-slots.ts'
import { bulkPiece, lastPlace, reusable } from './slots.ts'
import type { Arrival } from './slots.ts'

/** A prompt being read, that will soon hold what another one begins with. */
export interface Awaited {
  readonly lane: Lane
  readonly work: Work
  /** How many of the other one's first tokens can be had from it then. */
  readonly upTo: number
}

/** Finds the prompt being read that will hold most of what an arrival begins with. */
export function findAwaited(lanes: readonly Lane[], arrival: Arrival, model: ModelSlots): Awaited | undefined {
  const reading = lanes.flatMap(lane => (lane.work && isReading(lane, lane.work) ? [{ lane, work: lane.work }] : []))
  return reading
    .map(each => ({ ...each, upTo: reachOf(each, arrival, model.earliest(each.lane.id)) }))
    .toSorted((a, b) => b.upTo - a.upTo)[0]
}

/** Whether what is awaited is still to come: a prompt that is cancelled, paused or read brings nothing more. */
export function isToCome({ lane, work, upTo }: Awaited, isReproducible: boolean): boolean {
  if (lane.work !== work || !isReading(lane, work)) return false
  return lane.tokens.length < upTo && (!isReproducible || isInBulk(lane))
}

/** Has the awaited prompt stop where the other one goes on, with models that go back only to checkpoints. */
export function stopThere({ work, upTo }: Awaited): void {
  if (!work.stops.includes(upTo)) work.stops = [...work.stops, upTo].toSorted((a, b) => a - b)
}

function isReading(lane: Lane, work: Work): boolean {
  return !work.isCancelled && !work.isPaused && unreadOf(lane, work) > 0
}

/* Beside answers a prompt may be read in small pieces; what comes after the first of them is of no use to all. */
function isInBulk(lane: Lane): boolean {
  return lane.bulkTokens === lane.tokens.length
}

function reachOf({ lane, work }: Omit<Awaited, 'upTo'>, arrival: Arrival, earliest: number): number {
  const { tokens } = work.generation.job
  const bulkTokens = isInBulk(lane) ? tokens.length : lane.bulkTokens
  const most = reusable({ tokens, bulkTokens, earliest }, { ...arrival, canForget: true })
  if (arrival.canForget) return most
  // As with all stops, what is left on both sides is a large piece.
  const place = Math.min(most, tokens.length - bulkPiece, arrival.tokens.length - bulkPiece)
  const read = lane.tokens.length
  if (place > read && isApart(place, [...work.stops, read])) return place
  const stops = work.stops.filter(stop => stop > read)
  return lastPlace(stops, most)
}

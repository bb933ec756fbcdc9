import type { Pacing } from '../pacing.ts'
import { AveragePace } from './average-pace.ts'
import { EvenPace } from './even-pace.ts'
import type { Pace } from './pace.ts'

/** Makes a pace as the owner wants it. `mostRoom` is in tokens. */
export function createPace(mostRoom: number, { slowdown, isEven }: Pacing): Pace {
  return isEven ? new EvenPace(mostRoom, slowdown) : new AveragePace(mostRoom, slowdown)
}

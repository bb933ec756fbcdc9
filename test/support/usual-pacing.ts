import type { Pacing } from '../../src/engine/pacing.ts'

/** How the time is shared where the owner says nothing of it. */
export const usualPacing: Pacing = { slowdown: 3, isEven: false }

import type { Loss } from '../../core/loss.ts'

/** Notes something that the upstream will not be told, or not as it was meant. */
export type Report = (field: string, action: Loss['action'], why: string) => void

/** Where a thing of the neutral request stands, for naming what is lost of it. */
export interface Place {
  readonly field: string
  readonly report: Report
}

/** Names a place within another. */
export function within({ field, report }: Place, ...steps: readonly (string | number)[]): Place {
  return { field: [field, ...steps].join('.'), report }
}

/** Why a cache mark is left out. */
export const noCacheMarks = 'Responses upstreams choose by themselves what they keep cached'

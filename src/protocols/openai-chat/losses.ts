import type { Loss } from '../../core/loss.ts'

/** Notes something that the upstream will not be told, or not as it was meant. */
export type Report = (field: string, action: Loss['action'], why: string) => void

/** Why a cache mark is left out. */
export const noCacheMarks = 'Chat upstreams choose by themselves what they keep cached'

import type { Priority } from '../core/request.ts'

/** Which priority goes before which: the larger number first. */
export const urgencies: Readonly<Record<Priority, number>> = { low: 0, normal: 1, high: 2 }

import { durationOrNever } from './quantities.ts'

const [leastMs, mostMs] = [1000, 3_600_000]

/** How often a provider that rests is asked whether it is well again: `never`, or a time. */
export const checkEvery = durationOrNever
  .transform(milliseconds => (Number.isFinite(milliseconds) ? milliseconds : ('never' as const)))
  .refine(
    every => every === 'never' || (every >= leastMs && every <= mostMs),
    'it must be never, or a time from 1s to 1h',
  )

import * as z from 'zod'

const millisecondsIn: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/* Longer ones are beyond what timers can count. */
const mostMilliseconds = 7 * 24 * 3_600_000

/* A bare number is written without quotes in a file. */
const textOrNumber = z.union([z.string(), z.number().transform(String)], { error: 'it must be text or a number' })

/** A time as people write it: `500ms`, `90s`, `5m`, `2h`, or a bare number of seconds. Gives milliseconds. */
export const duration = textOrNumber.transform((text, context): number => {
  const milliseconds = toMilliseconds(text)
  if (milliseconds !== undefined) return milliseconds
  context.addIssue('write it as 500ms, 90s, 5m or 2h, at most 168h')
  return z.NEVER
})

/** How long a request may wait for something. */
export const briefly = duration.refine(milliseconds => milliseconds <= 24 * 3_600_000, 'it must be at most 24h')

/** A duration, or `never`; a negative number is `never` too, as other servers have it. Gives milliseconds or infinity. */
export const durationOrNever = textOrNumber.transform((text, context): number => {
  const isNever = /^\s*(never|-\d+(ms|s|m|h)?)\s*$/.test(text)
  const milliseconds = isNever ? Number.POSITIVE_INFINITY : toMilliseconds(text)
  if (milliseconds !== undefined) return milliseconds
  context.addIssue('write it as never, 0, 90s, 5m or 2h, at most 168h')
  return z.NEVER
})

function toMilliseconds(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? []
  const milliseconds = Number(digits) * (millisecondsIn[unit] ?? Number.NaN)
  return milliseconds <= mostMilliseconds ? milliseconds : undefined
}

const bytesIn: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** An amount of memory as people write it: `12GiB`, `12G` or `512MiB`. Gives bytes. */
export const memorySize = textOrNumber.transform((text, context): number => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?$/i.exec(text.trim()) ?? []
  const bytes = Math.floor(Number(digits) * (bytesIn[unit.toLowerCase()] ?? Number.NaN))
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  context.addIssue('write it as 512MiB, 12GiB or 1TiB')
  return z.NEVER
})

/** An amount of memory, or `0` for none. Gives bytes. */
export const memorySizeOrNone = z.union([z.literal(['0', 0]).transform(() => 0), memorySize], {
  error: 'write it as 512MiB, 12GiB or 0',
})

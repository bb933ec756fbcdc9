import { charsOf, digits } from './char-set.ts'
import type { Bounds } from './json-schema.ts'
import { charPattern, choicePattern, repeatPattern, sequencePattern, textPattern } from './pattern.ts'
import type { Pattern } from './pattern.ts'

/* Enough for 64-bit identifiers; a lost model must not write digits for ever. */
export const mostDigits = 19
export const mostFractionDigits = 16

/* Bounds from here on are the largest that JavaScript numbers hold exactly, and no bounds in practice. */
const largest = Number.MAX_SAFE_INTEGER

const digit = charPattern(digits)
const minus = charPattern(charsOf('-'))
const nonZero = charPattern(charsOf('123456789'))
const impossible = choicePattern()
const empty = sequencePattern()

const fraction = sequencePattern(charPattern(charsOf('.')), repeatPattern(digit, 1, mostFractionDigits))
const someFraction = repeatPattern(fraction, 0, 1)
const zeroFraction = repeatPattern(textPattern('.0'), 0, 1)
/* Ends in a digit that is not zero, and so is not zero itself. */
const positiveFraction = sequencePattern(
  charPattern(charsOf('.')),
  repeatPattern(digit, 0, mostFractionDigits - 1),
  nonZero,
)

/** The decimal spellings of the whole numbers within bounds. */
export function integerPattern({ low, high }: Bounds): Pattern {
  const from = low && (low.isIncluded ? Math.ceil(low.value) : Math.floor(low.value) + 1)
  const to = high && (high.isIncluded ? Math.floor(high.value) : Math.ceil(high.value) - 1)
  return signed(usable(from), usable(to), (from, to) => naturals(from, to))
}

/** The decimal spellings of the numbers within bounds, without exponents where there are bounds. */
export function numberPattern(bounds: Bounds): Pattern {
  const low = bounds.low && usable(bounds.low.value) !== undefined ? bounds.low : undefined
  const high = bounds.high && usable(bounds.high.value) !== undefined ? bounds.high : undefined
  const isLowOpen = low !== undefined && !low.isIncluded && Number.isInteger(low.value)
  const isHighOpen = high !== undefined && !high.isIncluded && Number.isInteger(high.value)
  return signed(low && Math.floor(low.value), high && Math.ceil(high.value), (from, to, isNegative) =>
    decimals({
      from,
      to,
      isFromOpen: isNegative ? isHighOpen && high?.value === -from : isLowOpen && low?.value === from,
      isToOpen: isNegative ? isLowOpen && low?.value === -(to ?? 0) : isHighOpen && high?.value === to,
    }),
  )
}

/** Whether `numberPattern` keeps to these bounds exactly. */
export function isExact({ low, high }: Bounds): boolean {
  return [low, high].every(
    bound => bound === undefined || (Number.isInteger(bound.value) && Math.abs(bound.value) <= largest),
  )
}

function usable(value: number | undefined): number | undefined {
  return value !== undefined && Math.abs(value) <= largest ? value : undefined
}

type Magnitudes = (from: number, to: number | undefined, isNegative: boolean) => Pattern

/* Splits a range at zero, and writes the part below it with a minus sign. */
function signed(low: number | undefined, high: number | undefined, magnitudes: Magnitudes): Pattern {
  if (low !== undefined && high !== undefined && low > high) return impossible
  const options: Pattern[] = []
  if (high === undefined || high >= 0) options.push(magnitudes(Math.max(low ?? 0, 0), high, false))
  if (low === undefined || low < 0) {
    const to = low === undefined ? undefined : -low
    options.push(sequencePattern(minus, magnitudes(Math.max(-(high ?? 0), 0), to, true)))
  }
  return choicePattern(...options)
}

interface DecimalRange {
  readonly from: number
  readonly to: number | undefined
  readonly isFromOpen: boolean
  readonly isToOpen: boolean
}

/* Numbers from zero up between two whole numbers, each of which may be excluded. */
function decimals({ from, to, isFromOpen, isToOpen }: DecimalRange): Pattern {
  const first = textPattern(String(from))
  if (from === to) return isFromOpen || isToOpen ? impossible : sequencePattern(first, zeroFraction)
  const options = [sequencePattern(first, isFromOpen ? positiveFraction : someFraction)]
  if (to === undefined) options.push(sequencePattern(naturals(from + 1), someFraction))
  else {
    if (to - 1 > from) options.push(sequencePattern(naturals(from + 1, to - 1), someFraction))
    if (!isToOpen) options.push(sequencePattern(textPattern(String(to)), zeroFraction))
  }
  return choicePattern(...options)
}

/* Whole numbers from zero up, without leading zeros. */
function naturals(from: number, to?: number): Pattern {
  if (to === undefined) return unboundedFrom(from)
  if (from > to) return impossible
  const [shortest, longest] = [String(from).length, String(to).length]
  if (shortest === longest) return sameLength(String(from), String(to))
  const between = longest - shortest > 1 ? [sequencePattern(nonZero, repeatPattern(digit, shortest, longest - 2))] : []
  return choicePattern(
    sameLength(String(from), '9'.repeat(shortest)),
    ...between,
    sameLength(`1${'0'.repeat(longest - 1)}`, String(to)),
  )
}

function unboundedFrom(from: number): Pattern {
  if (from === 0)
    return choicePattern(textPattern('0'), sequencePattern(nonZero, repeatPattern(digit, 0, mostDigits - 1)))
  const { length } = String(from)
  const longer = sequencePattern(nonZero, repeatPattern(digit, length, mostDigits - 1))
  return choicePattern(sameLength(String(from), '9'.repeat(length)), longer)
}

/* Numbers of as many digits as both bounds have. */
function sameLength(least: string, most: string): Pattern {
  if (least === '') return empty
  if (/^0+$/.test(least) && /^9+$/.test(most)) return repeatPattern(digit, least.length, least.length)
  const [a, b] = [Number(least[0]), Number(most[0])]
  const [lower, upper] = [least.slice(1), most.slice(1)]
  if (a === b) return sequencePattern(textPattern(String(a)), sameLength(lower, upper))
  const rest = repeatPattern(digit, lower.length, lower.length)
  const between = b - a > 1 ? [sequencePattern(digitsBetween(a + 1, b - 1), rest)] : []
  return choicePattern(
    sequencePattern(textPattern(String(a)), sameLength(lower, '9'.repeat(lower.length))),
    ...between,
    sequencePattern(textPattern(String(b)), sameLength('0'.repeat(upper.length), upper)),
  )
}

function digitsBetween(from: number, to: number): Pattern {
  return charPattern([[0x30 + from, 0x30 + to]])
}

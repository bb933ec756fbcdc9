/** What was measured, next to what is promised. */
export interface Figure {
  readonly promise: string
  readonly name: string
  readonly measured: string
  readonly target: string
  readonly isKept: boolean
}

/** Gives the figure of a measure that must not be larger than its target. */
export function atMost(
  [promise, name]: readonly [promise: string, name: string],
  measured: number,
  { target, unit }: { readonly target: number; readonly unit: string },
): Figure {
  const shown = `${Number.isInteger(measured) ? measured : measured.toFixed(1)} ${unit}`
  return { promise, name, measured: shown, target: `<= ${target} ${unit}`, isKept: measured <= target }
}

/** Gives the figure of a claim that must be true. */
export function fact(
  [promise, name]: readonly [promise: string, name: string],
  isKept: boolean,
  measured: string,
): Figure {
  return { promise, name, measured, target: 'yes', isKept }
}

export function print({ promise, name, measured, target, isKept }: Figure): void {
  process.stdout.write(
    `${isKept ? 'ok  ' : 'FAIL'} ${promise.padEnd(4)} ${name.padEnd(58)} ${measured.padEnd(22)} ${target}\n`,
  )
}

/** The value that so many of a hundred are not larger than. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}

/** Where in a file something stands. Lines and columns count from one. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing that is wrong with the configuration, or that its owner should know. The message is a line of our own. */
export interface Fault {
  readonly message: string
  /** Absent for a flag or a variable, which the message names. */
  readonly place?: Place
}

/** A fault as a line that editors and terminals know how to follow. */
export function formatFault({ message, place }: Fault): string {
  return place === undefined ? message : `${place.file}:${place.line}:${place.column}: ${message}`
}

const mostTold = 50

/** All faults as one text: a single one on its line, more of them each on its own. */
export function formatFaults(faults: readonly Fault[]): string {
  const [first, ...others] = faults
  if (first === undefined) return ''
  if (others.length === 0) return formatFault(first)
  const lines = faults.slice(0, mostTold).map(fault => `  ${formatFault(fault)}`)
  if (faults.length > mostTold) lines.push(`  and ${faults.length - mostTold} more`)
  return [`the configuration has ${faults.length} faults:`, ...lines].join('\n')
}

import { toAutomaton } from './automaton.ts'
import type { Automaton } from './automaton.ts'
import { readRegularExpression } from './regular-expression.ts'

const date = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`
const clock = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)`
const byte = String.raw`(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`

/* Loose where the standard is intricate: what matters is that a model writes the right kind of thing. */
const sources: Readonly<Record<string, string>> = {
  date: `^${date}$`,
  time: `^${clock}$`,
  'date-time': `^${date}T${clock}$`,
  uuid: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
  email: String.raw`^[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@[A-Za-z0-9]+(-+[A-Za-z0-9]+)*(\.[A-Za-z0-9]+(-+[A-Za-z0-9]+)*)+$`,
  ipv4: String.raw`^${byte}(\.${byte}){3}$`,
  uri: String.raw`^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s"<>\\^\x60{|}\x00-\x1f]+$`,
}

/** The expression of the texts that a `format` allows, or nothing for a format that is left alone. */
export function formatSource(format: string): string | undefined {
  return Object.hasOwn(sources, format) ? sources[format] : undefined
}

/** The machine of an expression, or nothing where the expression is not understood. May throw `TooCostly`. */
export function expressionMachine(source: string): Automaton | undefined {
  const pattern = readRegularExpression(source)
  return pattern && toAutomaton(pattern)
}

import { escapeSteering } from '../core/escape-letters.ts'

type Fields = Readonly<Record<string, unknown>>

/** Wraps a place for log lines so that a person can read them: the time, what happened, and what tells most. */
export function readableLog(sink: { write(line: string): unknown }): { write(line: string): unknown } {
  return { write: line => sink.write(toReadable(line)) }
}

/** Says one log record in a line for people. What is no record is given as it is. */
export function toReadable(line: string): string {
  const fields = parse(line)
  if (!fields) return line
  const what = fields['msg'] === 'request' ? sayRequest(fields) : sayRest(fields)
  const level = fields['level'] === 'info' ? '' : `${textOf(fields['level'])} `
  return `${escapeSteering(`${clockTime(fields['time'])} ${level}${what}`)}\n`
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? fieldsOf(value) : undefined
  } catch {
    return undefined
  }
}

function sayRequest(fields: Fields): string {
  const { method, path, status, outcome, inputTokens, outputTokens, ms, failure, requestId } = fields
  const { target, model } = fields
  const attempts = attemptsIn(fields)
  // Where nobody answered, the last attempt says why, and of whom.
  const told = attempts.at(-1)?.['failure'] === undefined ? failure : undefined
  const words = [
    `${textOf(method)} ${textOf(path)}`,
    status ?? outcome,
    target ?? model,
    ...attempts.filter(attempt => attempt['failure'] !== undefined).map(sayAttempt),
    inputTokens === undefined ? undefined : `${textOf(inputTokens)} tokens in, ${textOf(outputTokens ?? 0)} out`,
    `${textOf(ms)} ms`,
    told === undefined ? undefined : textOf(messageOf(told)),
    requestId,
  ]
  return words
    .filter(word => word !== undefined)
    .map(textOf)
    .join(', ')
}

function attemptsIn({ attempts }: Fields): readonly Fields[] {
  return Array.isArray(attempts) ? attempts.map(fieldsOf) : []
}

function sayAttempt({ target, failure, why = failure }: Fields): string {
  return `${textOf(target)} failed: ${textOf(why)}`
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

/** Everything but what each record has, as `name=value`. */
function sayRest({ level: _level, time: _time, msg, ...fields }: Fields): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`)
  return [textOf(msg), ...pairs].join(' ')
}

function messageOf(failure: unknown): unknown {
  return typeof failure === 'object' && failure !== null && 'message' in failure ? failure.message : failure
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function clockTime(time: unknown): string {
  return typeof time === 'number' ? new Date(time).toTimeString().slice(0, 8) : ''
}

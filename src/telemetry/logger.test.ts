import { expect, test } from 'vitest'
import { createLogger, escapeControls } from './logger.ts'

function logged(fields: Record<string, unknown>): string {
  const lines: string[] = []
  createLogger({ level: 'info', destination: { write: line => lines.push(line) } }).info(fields, 'message')
  return lines.join('')
}

test('a record is one JSON object on one line', () => {
  const line = logged({ a: 1, b: 'two\nlines' })
  expect(line.trimEnd()).not.toContain('\n')
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'message', a: 1, b: 'two\nlines' })
})

test.each([
  'authorization',
  'x-api-key',
  'apiKey',
  'key',
  'keys',
  'token',
  'body',
  'prompt',
  'cookie',
  'Authorization',
  'API_KEY',
])('a field called %s is hidden, at any level', name => {
  const line = logged({ [name]: 'canary', one: { [name]: 'canary', two: [{ [name]: { a: 'canary' } }] } })
  expect(line).not.toContain('canary')
  expect(line.match(/\[redacted\]/g)).toHaveLength(3)
})

test('control characters that steer a terminal are escaped, and the value is still the same', () => {
  const value = 'a\u001b[2J\u009b31m\u2028\u202eb\u007f'
  const line = logged({ value })
  expect([...line].filter(character => character !== '\n' && /\p{C}|\u2028/u.test(character))).toEqual([])
  expect(JSON.parse(line)).toMatchObject({ value })
})

test('text without such characters is left as it is', () => {
  expect(escapeControls('plain – text, 日本語 😀')).toBe('plain – text, 日本語 😀')
})

test('an error is told with its cause', () => {
  const line = logged({ error: new Error('outer', { cause: new Error('inner') }) })
  expect(JSON.parse(line)).toMatchObject({ error: { message: 'outer', cause: { message: 'inner' } } })
})

test('what is below the level is not written', () => {
  const lines: string[] = []
  createLogger({ level: 'warn', destination: { write: line => lines.push(line) } }).info({}, 'x')
  expect(lines).toEqual([])
})

test('of an error nothing is told but what it is, so that no request within it gets out', () => {
  const error = Object.assign(new Error('outer'), { code: 'E_SOME', request: { headers: { 'x-custom': 'canary' } } })
  const line = logged({ error, all: new AggregateError([new Error('first')]) })
  expect(line).not.toContain('canary')
  expect(JSON.parse(line)).toMatchObject({ error: { code: 'E_SOME' }, all: { errors: [{ message: 'first' }] } })
})

test('what lies too deep, or holds itself, is cut', () => {
  const ring: Record<string, unknown> = { name: 'ring' }
  ring['self'] = ring
  expect(logged({ ring })).toContain('[deep]')
})

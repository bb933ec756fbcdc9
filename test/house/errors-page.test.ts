import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { ModelError, type ErrorCode, type ErrorKind } from '../../src/core/errors.ts'
import { encodeError as encodeAnthropic } from '../../src/protocols/anthropic-messages/errors.ts'
import { encodeError as encodeOpenAi } from '../../src/protocols/openai-error-words.ts'

// The compiler refuses a kind or a code that is missing here, and one that does not exist.
const kinds = Object.keys({
  'invalid-request': true,
  unauthorized: true,
  forbidden: true,
  'not-found': true,
  'method-not-allowed': true,
  conflict: true,
  'too-large': true,
  'quota-exhausted': true,
  'rate-limited': true,
  overloaded: true,
  unavailable: true,
  timeout: true,
  aborted: true,
  internal: true,
} satisfies Record<ErrorKind, true>)

const codes = Object.keys({
  'context-length-exceeded': true,
  'model-not-found': true,
  'unsupported-thread': true,
  'unsupported-encoding': true,
  'previous-response-not-found': true,
  'missing-field': true,
  'wrong-type': true,
  'unsupported-value': true,
} satisfies Record<ErrorCode, true>)

const page = await readFile('docs/errors.md', 'utf8')
const [ofKinds = '', ofCodes = ''] = page.split('## Codes')
const headings = (text: string) => [...text.matchAll(/^### `(.+)`$/gm)].map(([, name]) => name)

test('every kind of error has its section, and every section its kind', () => {
  expect(new Set(headings(ofKinds))).toEqual(new Set(kinds))
})

test('every code has its section, and every section its code', () => {
  expect(new Set(headings(ofCodes))).toEqual(new Set(codes))
})

test.each(kinds)('the table says how each protocol tells of %s', kind => {
  const error = new ModelError(kind as ErrorKind, 'x')
  const words = [encodeAnthropic(error, 'r'), encodeOpenAi(error, 'r')].map(
    ({ status, body }) => `${status} ${JSON.stringify(body).match(/"type":"(?!error")(\w+)"/)?.[1]}`,
  )
  const row = ofKinds.split('\n').find(line => line.startsWith(`| \`${kind}\``))
  const cells = row
    ?.split('|')
    .slice(2, 4)
    .map(cell => cell.replaceAll('`', '').trim())
  expect(cells).toEqual(words)
})

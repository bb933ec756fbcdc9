import { expect, test } from 'vitest'
import { ModelError, type ErrorCode, type ErrorKind } from '../core/errors.ts'
import { classify } from './classify.ts'

test.each<[ErrorKind, ErrorCode | undefined, string, boolean]>([
  ['rate-limited', undefined, 'again', true],
  ['overloaded', undefined, 'again', true],
  ['unavailable', undefined, 'again', true],
  ['timeout', undefined, 'elsewhere', true],
  ['unauthorized', undefined, 'elsewhere', true],
  ['quota-exhausted', undefined, 'elsewhere', true],
  ['not-found', 'model-not-found', 'elsewhere', false],
  ['method-not-allowed', undefined, 'elsewhere', false],
  ['forbidden', undefined, 'elsewhere', false],
  ['too-large', undefined, 'elsewhere', false],
  ['invalid-request', 'context-length-exceeded', 'elsewhere', false],
  ['invalid-request', 'unsupported-value', 'elsewhere', false],
  ['invalid-request', 'missing-field', 'tell', false],
  ['invalid-request', undefined, 'tell', false],
  ['internal', undefined, 'tell', false],
  ['aborted', undefined, 'tell', false],
])('after %s (%s) comes: %s; the target is at fault: %j', (...[kind, code, next, isTargetsFault]) => {
  expect(classify(new ModelError(kind, 'x', code ? { code } : {}))).toEqual({ next, isTargetsFault })
})

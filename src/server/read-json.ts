import { isUtf8 } from 'node:buffer'
import { ModelError } from '../core/errors.ts'
import { mayHoldForbiddenKeys, refuseForbiddenKeys } from './forbidden-keys.ts'
import { findJsonFault } from './json-fault.ts'
import { guardJson } from './json-guard.ts'

/** Reads a request body as JSON. Throws `invalid-request`, saying where the fault is. */
export function readJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ModelError('invalid-request', 'the request body is not valid UTF-8; encode it as UTF-8')
  guardJson(bytes)
  const text = withoutByteOrderMark(bytes)
  if (text.trim() === '') throw new ModelError('invalid-request', 'the request body is empty; send a JSON object')
  const value = parse(text)
  if (mayHoldForbiddenKeys(bytes)) refuseForbiddenKeys(value)
  return value
}

function withoutByteOrderMark(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const found = findJsonFault(text)
    const where = found ? `: ${found.fault} at line ${found.line}, column ${found.column}` : ''
    throw new ModelError('invalid-request', `the request body is not valid JSON${where}`, { cause: error })
  }
}

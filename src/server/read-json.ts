import { isUtf8 } from 'node:buffer'
import { ModelError } from '../core/errors.ts'
import { mayHoldForbiddenKeys, refuseForbiddenKeys } from './forbidden-keys.ts'
import { countMembers } from './count-members.ts'
import { findJsonFault, type JsonFault } from './json-fault.ts'
import { guardJson } from './json-guard.ts'

/** Reads a request body as JSON. Throws `invalid-request`, saying where the fault is. */
export function readJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ModelError('invalid-request', 'the request body is not valid UTF-8; encode it as UTF-8')
  const glance = guardJson(bytes)
  const text = bytes.toString()
  const value = parse(text)
  if (countMembers(value) !== glance.members) throw refusal(`holds ${describeTwin(text)}; send it once`)
  if (mayHoldForbiddenKeys(bytes, glance)) refuseForbiddenKeys(value)
  return value
}

const byteOrderMark = Buffer.from('\ufeff')

/** Gives a text without the mark before it, which says nothing in UTF-8 and is no part of JSON. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own words quote the text, which is no one's to log.
    throw refusal(`is ${describeFault(text)}`)
  }
}

function refusal(what: string): ModelError {
  return new ModelError('invalid-request', `the request body ${what}`)
}

/** To look for a fault in more text than this would keep other clients waiting. */
const examinedLength = 1024 * 1024

function describeFault(text: string): string {
  if (text.length > examinedLength) return 'not valid JSON'
  if (text.trim() === '') return 'empty; send a JSON object'
  const found = findJsonFault(text)
  return found ? `not valid JSON: ${placeOf(found)}` : 'not valid JSON'
}

/* The parser keeps the last of two members of one name. Whoever is sent the bytes may keep the first, and so read another request. */
function describeTwin(text: string): string {
  const found = text.length > examinedLength ? undefined : findJsonFault(text)
  return found ? placeOf(found) : 'a key twice in one object'
}

function placeOf({ fault, line, column }: JsonFault): string {
  return `${fault} at line ${line}, column ${column}`
}

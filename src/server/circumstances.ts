import { ModelError } from '../core/errors.ts'
import type { ProtocolId } from '../core/extras.ts'
import type { ModelRequest, Priority } from '../core/request.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { RequestHeaders } from '../protocols/protocol.ts'
import type { ClientKey } from './client-key.ts'

const localOnlyHeader = 'x-duologue-local-only'
const strictHeader = 'x-duologue-strict'
const priorityHeader = 'x-duologue-priority'

/** Who asks, and with which headers. */
export interface Asker {
  readonly request: { readonly headers: NodeJS.Dict<string | string[]> }
  readonly key?: ClientKey
}

/**
 * Gives what is known of a request beside what it asks. What the key forbids, a header cannot allow.
 * Throws `invalid-request` for a header of ours that says something else than it may.
 */
export function circumstancesOf({ request, key }: Asker, protocol: ProtocolId): Circumstances {
  const headers = requestHeaders(request.headers)
  const asksForLocal = isYes(localOnlyHeader, headers)
  const localOnly = key?.isLocalOnly === true ? 'key' : asksForLocal ? 'header' : undefined
  return {
    protocol,
    headers,
    ...(key && { key: key.name }),
    ...(localOnly && { localOnly }),
    isStrict: isYes(strictHeader, headers) || key?.isStrict === true,
  }
}

/** Says who sends a request and how soon it is to be answered. Throws `invalid-request` for an unknown priority. */
export function senderOf({ request, key }: Asker): Required<Pick<ModelRequest, 'priority' | 'sender'>> {
  const headers = requestHeaders(request.headers)
  const asked = priorityOf(headers[priorityHeader])
  const priority = asked !== undefined && key?.priority !== undefined ? lower(asked, key.priority) : asked
  const isRetry = Number(headers['x-stainless-retry-count'] ?? 0) > 0
  return { priority: priority ?? key?.priority ?? 'normal', sender: { id: key?.name ?? '', isRetry } }
}

/** The headers as a codec reads them: those that have one value. */
export function requestHeaders(headers: NodeJS.Dict<string | string[]>): RequestHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

const priorities: readonly Priority[] = ['low', 'normal', 'high']

function priorityOf(text: string | undefined): Priority | undefined {
  if (text === undefined) return undefined
  const priority = priorities.find(each => each === text.trim().toLowerCase())
  if (priority) return priority
  throw wrongHeader(priorityHeader, 'high, normal or low')
}

function lower(a: Priority, b: Priority): Priority {
  return priorities.indexOf(a) < priorities.indexOf(b) ? a : b
}

const yesWords: ReadonlySet<string> = new Set(['true', 'yes', '1', 'on'])
const noWords: ReadonlySet<string> = new Set(['false', 'no', '0', 'off'])

/* A word that is not understood might have been meant to keep a request from leaving. */
function isYes(header: string, headers: RequestHeaders): boolean {
  const word = headers[header]?.trim().toLowerCase()
  if (word === undefined || noWords.has(word)) return false
  if (yesWords.has(word)) return true
  throw wrongHeader(header, 'true or false')
}

function wrongHeader(header: string, words: string): ModelError {
  return new ModelError('invalid-request', `header ${header}: it must be ${words}`)
}

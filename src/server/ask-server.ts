import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { ModelError } from '../core/errors.ts'

/** A running server, as this machine reaches it. */
export interface ServerAddress {
  readonly url: string
  readonly key?: string
}

/** What a running server is asked: it is posted where it has a body. */
export interface ServerQuestion {
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: unknown
}

const timeoutMs = 10_000

/** Asks a running server. Throws a `ModelError` where none answers, or where it wants a key. */
export async function askServer(
  question: ServerQuestion,
  address: ServerAddress,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  const { url } = address
  const reply = await open(question, address, signal).catch((cause: unknown) => {
    throw new ModelError('unavailable', `no server answers at ${url}; start it, or name it with --host and --port`, {
      cause,
    })
  })
  const { statusCode: status = 0 } = reply
  const body = await text(reply)
  if (status !== 401 && status !== 403) return { status, body }
  throw new ModelError('unauthorized', `the server at ${url} wants a key; give it with --key or DUOLOGUE_KEYS`)
}

async function open(
  { path, headers = {}, body }: ServerQuestion,
  { url, key }: ServerAddress,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const outgoing = request(new URL(path, url), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  })
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  const [reply] = await once(outgoing, 'response')
  // oxlint-disable-next-line no-unsafe-type-assertion -- what this event brings
  return reply as IncomingMessage
}

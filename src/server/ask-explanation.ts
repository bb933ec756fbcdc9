import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { CacheReport } from '../core/cache-report.ts'
import { ModelError } from '../core/errors.ts'

/** A running server, as this machine reaches it. */
export interface ServerAddress {
  readonly url: string
  readonly key?: string
}

const timeoutMs = 10_000

/** Asks a running server what became of a prompt in its cache. Throws a `ModelError` that names what is missing. */
export async function askExplanation(
  requestId: string,
  { url, key }: ServerAddress,
  signal: AbortSignal,
): Promise<CacheReport> {
  const path = `/duologue/explain/cache/${encodeURIComponent(requestId)}`
  const reply = await ask(new URL(path, url), { key, signal }).catch((cause: unknown) => {
    throw new ModelError('unavailable', `no server answers at ${url}; start it, or name it with --host and --port`, {
      cause,
    })
  })
  const body = await text(reply)
  if (reply.statusCode === 200) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the server is this program
    return JSON.parse(body) as CacheReport
  }
  const refusal = refusals(url)[reply.statusCode ?? 0]
  throw refusal ?? new ModelError('unavailable', `${url} answered with status ${reply.statusCode}`)
}

async function ask(
  url: URL,
  { key, signal }: { key: string | undefined; signal: AbortSignal },
): Promise<IncomingMessage> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const request = get(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) })
  const [reply] = await once(request, 'response')
  // oxlint-disable-next-line no-unsafe-type-assertion -- what this event brings
  return reply as IncomingMessage
}

function refusals(url: string): Readonly<Record<number, ModelError>> {
  const noKey = new ModelError('unauthorized', `the server at ${url} wants a key; give it with --key or DUOLOGUE_KEYS`)
  return {
    401: noKey,
    403: noKey,
    404: new ModelError(
      'not-found',
      `the server at ${url} knows nothing of this request; it remembers the latest 512 that a model on its machine answered`,
    ),
  }
}

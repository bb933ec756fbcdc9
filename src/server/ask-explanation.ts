import type { CacheReport } from '../core/cache-report.ts'
import { ModelError } from '../core/errors.ts'
import { askServer, type ServerAddress } from './ask-server.ts'

/** Asks a running server what became of a prompt in its cache. Throws a `ModelError` that names what is missing. */
export async function askExplanation(
  requestId: string,
  address: ServerAddress,
  signal: AbortSignal,
): Promise<CacheReport> {
  const path = `/duologue/explain/cache/${encodeURIComponent(requestId)}`
  const { status, body } = await askServer({ path }, address, signal)
  if (status === 200) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the server is this program
    return JSON.parse(body) as CacheReport
  }
  const { url } = address
  if (status !== 404) throw new ModelError('unavailable', `${url} answered with status ${status}`)
  throw new ModelError(
    'not-found',
    `the server at ${url} knows nothing of this request; it remembers the latest 512 that a model on its machine answered`,
  )
}

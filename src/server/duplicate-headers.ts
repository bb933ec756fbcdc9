import { HttpError } from './http-error.ts'

// Where one header decides, a second one could make two programs decide differently.
const decisive: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'x-api-key',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'origin',
  'sec-fetch-site',
  'anthropic-version',
])

/** Refuses a request in which a header that decides something occurs twice. Takes names and values in turn. */
export function refuseDuplicateHeaders(rawHeaders: readonly string[]): void {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!decisive.has(name)) continue
    if (seen.has(name)) throw new HttpError(400, `header ${name}: it was sent twice; send it once`)
    seen.add(name)
  }
}

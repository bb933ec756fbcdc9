import { ModelError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { mostReadMebibytes } from '../store/tables/response-limits.ts'

/**
 * Gives the bytes that items take because a request names them more than once: each is as if it had been sent. Throws
 * `too-large` for more than a request could send.
 */
export function repeatedBytes(itemIds: readonly string[], items: ReadonlyMap<string, JsonObject>): number {
  let bytes = 0
  for (const [id, { length }] of Map.groupBy(itemIds, id => id)) {
    const item = items.get(id)
    if (item && length > 1) bytes += (length - 1) * Buffer.byteLength(JSON.stringify(item))
  }
  if (bytes <= mostReadMebibytes * 1024 * 1024) return bytes
  const problem = `input: items that it names more than once are more than ${mostReadMebibytes} MiB together; name each once`
  throw new ModelError('too-large', problem, { field: ['input'] })
}

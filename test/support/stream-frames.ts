import { decodeSse } from '../../src/protocols/sse.ts'
import type { SseFrame } from '../../src/protocols/sse.ts'
import { readAll } from './read-all.ts'

/** Reads a streamed reply as it came over the wire. */
export async function framesOf({ body }: Response): Promise<readonly SseFrame[]> {
  if (!body) throw new Error('the reply has no body')
  return readAll(decodeSse(body))
}

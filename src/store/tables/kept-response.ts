import * as z from 'zod'
import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ResponseRow } from '../schema.ts'
import { Damaged, readJson } from './row-reading.ts'

/** An answer that is kept, with the items that it answers. */
export interface KeptResponse {
  readonly id: string
  /** The client that it belongs to. Others never see it. */
  readonly owner: string
  readonly previousId?: string
  /** Whether what it says must stay on local machines. */
  readonly isLocalOnly: boolean
  readonly input: readonly JsonObject[]
  readonly response: JsonObject
}

/** Writes an answer as a row. */
export function rowOf({ id, owner, previousId, isLocalOnly, input, response }: KeptResponse, now: number): ResponseRow {
  const texts = { input: JSON.stringify(input), response: JSON.stringify(response) }
  return {
    id,
    owner,
    previous_id: previousId ?? null,
    is_local_only: isLocalOnly ? 1 : 0,
    used_at: now,
    size: Buffer.byteLength(texts.input) + Buffer.byteLength(texts.response),
    ...texts,
  }
}

/* We wrote it ourselves, and a look at every value would cost many times what reading it costs. */
const object = z.custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value))

/** Reads a row. Throws `unavailable` for one that cannot be read. */
export function keptOf({ id, owner, previous_id, is_local_only, input, response }: ResponseRow): KeptResponse {
  try {
    return {
      id,
      owner,
      ...(previous_id !== null && { previousId: previous_id }),
      // What cannot be read for sure stays.
      isLocalOnly: is_local_only !== 0,
      input: readJson(input, z.array(object)),
      response: readJson(response, object),
    }
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    throw new ModelError('unavailable', 'a stored response cannot be read any more; send the conversation as `input`', {
      cause: error,
    })
  }
}

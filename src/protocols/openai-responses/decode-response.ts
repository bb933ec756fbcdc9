import { type Answer, collectAll } from '../../core/collect.ts'
import { arrayIn, objectIn } from '../json.ts'
import { broken, decodeStreamError } from '../openai-errors.ts'
import { ResponseReader } from './response-reader.ts'

const unfinished: ReadonlySet<unknown> = new Set(['in_progress', 'queued'])

/** Reads a whole response. Throws `unavailable` for what is not one. */
export function decodeAnswer(body: unknown): Answer {
  const response = objectIn(body) ?? {}
  const error = response['error'] ?? null
  if (error !== null) throw decodeStreamError(error)
  if (unfinished.has(response['status'])) throw broken('an answer that is not finished')
  if (!arrayIn(response['output'])) throw broken('what is not a response')
  return collectAll(new ResponseReader().readWhole(response))
}

import type { JsonObject } from '../../core/json.ts'
import type { Stop, StopReason } from '../../core/stop.ts'
import { objectIn, stringIn } from '../json.ts'

/** What the items of an answer say about its stop. */
export interface SaidOnTheWay {
  readonly refusal: string
  readonly hasCalls: boolean
}

/** Reads why a response that did not fail stopped. */
export function decodeStop(response: JsonObject, { refusal, hasCalls }: SaidOnTheWay): Stop {
  const raw = rawOf(response)
  if (refusal !== '') return { reason: 'refusal', raw, explanation: refusal }
  const reason = reasons.get(raw)
  if (reason) return { reason, raw }
  // An answer that is not whole for a reason that is not known can be gone on with.
  if (response['status'] === 'incomplete') return { reason: 'pause', raw }
  return { reason: hasCalls ? 'tool-use' : 'end-turn', raw }
}

function rawOf(response: JsonObject): string {
  const why = stringIn(objectIn(response['incomplete_details'])?.['reason'])
  return why ?? stringIn(response['status']) ?? 'completed'
}

const reasons: ReadonlyMap<string, StopReason> = new Map<string, StopReason>([
  ['max_output_tokens', 'max-tokens'],
  ['max_tokens', 'max-tokens'],
  ['content_filter', 'refusal'],
])

/** How a response ends. */
export interface Ended {
  readonly status: 'completed' | 'incomplete'
  readonly incomplete_details: { readonly reason: string } | null
  /** The words with which the model refused. */
  readonly refusal?: string
}

/** Says why a model stopped. Which stop sequence matched has no place here. */
export function encodeStop({ reason, explanation = '' }: Stop): Ended {
  if (reason === 'refusal' && explanation !== '')
    return { status: 'completed', incomplete_details: null, refusal: explanation }
  const why = unfinished[reason]
  return why === undefined
    ? { status: 'completed', incomplete_details: null }
    : { status: 'incomplete', incomplete_details: { reason: why } }
}

const unfinished: Readonly<Partial<Record<StopReason, string>>> = {
  'max-tokens': 'max_output_tokens',
  'context-window': 'max_output_tokens',
  refusal: 'content_filter',
  // The answer can be gone on with, which no word of the API means.
  pause: 'steered',
}

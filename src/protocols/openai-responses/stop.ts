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

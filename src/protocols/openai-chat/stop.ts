import { type ErrorKind, ModelError } from '../../core/errors.ts'
import type { Stop, StopReason } from '../../core/stop.ts'
import type { FinishReason } from './wire.ts'

/** Says why a model stopped. Chat has one word for several reasons; which stop sequence matched stands beside it. */
export const finishReasons: Readonly<Record<StopReason, FinishReason>> = {
  'end-turn': 'stop',
  'max-tokens': 'length',
  'context-window': 'length',
  'stop-sequence': 'stop',
  'tool-use': 'tool_calls',
  refusal: 'content_filter',
  pause: 'stop',
}

/** What an upstream says about its stop. */
export interface FinishWords {
  readonly reason: string
  /** The matched sequence, from the servers that tell. */
  readonly sequence: string | undefined
  readonly refusal: string
  readonly calledTools: boolean
}

/** Reads why an upstream stopped. A word that is not known counts as an ordinary end and is kept as `raw`. */
export function readStop({ reason, sequence, refusal, calledTools }: FinishWords): Stop {
  const raw = reason
  if (refusal !== '') return { reason: 'refusal', raw, explanation: refusal }
  const neutral = reasons.get(reason.toLowerCase()) ?? 'end-turn'
  if (neutral !== 'end-turn') return { reason: neutral, raw }
  if (sequence !== undefined) return { reason: 'stop-sequence', sequence, raw }
  // Several servers end a turn of tool calls with a plain "stop".
  return { reason: calledTools ? 'tool-use' : 'end-turn', raw }
}

/** Throws for a finish reason that tells of a failure. */
export function refuseFailure(reason: string): void {
  const failure = failures.get(reason)
  if (failure) throw new ModelError(failure, 'the answer of the upstream failed half-way')
}

const failures: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ['error', 'unavailable'],
  ['abort', 'unavailable'],
  ['insufficient_system_resource', 'overloaded'],
])

const reasons: ReadonlyMap<string, StopReason> = new Map<string, StopReason>([
  ['stop', 'end-turn'],
  ['length', 'max-tokens'],
  ['max_tokens', 'max-tokens'],
  ['model_length', 'context-window'],
  ['tool_calls', 'tool-use'],
  ['function_call', 'tool-use'],
  ['tool_use', 'tool-use'],
  ['content_filter', 'refusal'],
  ['refusal', 'refusal'],
  ['safety', 'refusal'],
  ['recitation', 'refusal'],
  ['prohibited_content', 'refusal'],
  ['blocklist', 'refusal'],
])

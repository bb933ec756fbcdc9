import type { JsonObject } from '../../core/json.ts'
import type { Stop, StopReason } from '../../core/stop.ts'
import { defined, objectIn, stringIn } from '../json.ts'
import type { WireStop, WireStopReason } from './wire.ts'

const toAnthropic: Readonly<Record<StopReason, WireStopReason>> = {
  'end-turn': 'end_turn',
  'max-tokens': 'max_tokens',
  'context-window': 'model_context_window_exceeded',
  'stop-sequence': 'stop_sequence',
  'tool-use': 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
}

const fromAnthropic: Readonly<Record<WireStopReason, StopReason>> = {
  end_turn: 'end-turn',
  max_tokens: 'max-tokens',
  model_context_window_exceeded: 'context-window',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-use',
  refusal: 'refusal',
  pause_turn: 'pause',
  // A pause like any other, for clients that do not know the word.
  compaction: 'pause',
}

function isWireStopReason(word: string): word is WireStopReason {
  return Object.hasOwn(fromAnthropic, word)
}

/** Says why the model stopped, in the upstream's own word where it means the same. */
export function encodeStop(stop: Stop): WireStop {
  const { reason, raw, sequence } = stop
  const isOwnWord = raw !== undefined && isWireStopReason(raw) && fromAnthropic[raw] === reason
  return {
    stop_reason: isOwnWord ? raw : toAnthropic[reason],
    stop_sequence: reason === 'stop-sequence' ? (sequence ?? null) : null,
    stop_details: encodeRefusal(stop),
  }
}

function encodeRefusal({ reason, category, explanation }: Stop): WireStop['stop_details'] {
  if (reason !== 'refusal' || (category === undefined && explanation === undefined)) return null
  return { type: 'refusal', category: category ?? null, explanation: explanation ?? null }
}

/** Reads why an upstream stopped. A word that is not known ends the turn and is kept. */
export function decodeStop(wire: JsonObject): Stop {
  const raw = stringIn(wire['stop_reason'])
  const sequence = stringIn(wire['stop_sequence'])
  const details = objectIn(wire['stop_details'])
  return {
    reason: decodeReason(raw, sequence),
    ...defined({
      sequence,
      raw,
      explanation: stringIn(details?.['explanation']),
      category: stringIn(details?.['category']),
    }),
  }
}

function decodeReason(raw: string | undefined, sequence: string | undefined): StopReason {
  const reason = raw !== undefined && isWireStopReason(raw) ? fromAnthropic[raw] : 'end-turn'
  // Several local servers name the sequence that matched and still say `end_turn`.
  return reason === 'end-turn' && sequence !== undefined ? 'stop-sequence' : reason
}

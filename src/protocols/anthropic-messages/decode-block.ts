import type { OutputBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { objectIn, stringIn } from '../json.ts'
import { asExtras, keptFields } from './extras.ts'

/** Reads the beginning of a block. What is not known is kept whole. */
export function decodeOutputBlock(wire: JsonObject): OutputBlock {
  switch (stringIn(wire['type']) ?? '') {
    case 'text': {
      const { citations: _, ...kept } = keptFields(wire, 'text') ?? {}
      return { type: 'text', ...asExtras(kept) }
    }
    case 'thinking':
      return { type: 'thinking', ...asExtras(keptFields(wire, 'thinking')) }
    case 'redacted_thinking':
      return {
        type: 'redacted-thinking',
        data: stringIn(wire['data']) ?? '',
        ...asExtras(keptFields(wire, 'redacted_thinking')),
      }
    case 'tool_use':
      return {
        type: 'tool-call',
        id: stringIn(wire['id']) ?? '',
        name: stringIn(wire['name']) ?? '',
        ...asExtras(keptCaller(keptFields(wire, 'tool_use'))),
      }
    default:
      return { type: 'opaque', protocol: 'anthropic-messages', value: wire }
  }
}

/** That the model itself called is the rule, and is not kept. */
function keptCaller(kept: JsonObject = {}): JsonObject {
  const { caller, ...rest } = kept
  return caller === undefined || objectIn(caller)?.['type'] === 'direct' ? rest : kept
}

import type { OutputBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../json.ts'
import { ownExtras } from './extras.ts'
import type { WireBlock, WireDelta } from './wire.ts'

/** A block as it begins, and what must follow at once because the beginning has no room for it. */
interface OpenedBlock {
  readonly start: WireBlock | JsonObject
  readonly deltas: readonly WireDelta[]
}

/** Gives nothing for a block that only another protocol understands: a client of this one could not read it. */
export function openBlock(block: OutputBlock): OpenedBlock | undefined {
  if (block.type === 'opaque') {
    return block.protocol === 'anthropic-messages' ? openOpaque(block.value) : undefined
  }
  return { start: { ...emptyBlock(block), ...ownExtras(block) }, deltas: [] }
}

/** The block with nothing in it. */
export function emptyBlock(block: Exclude<OutputBlock, { type: 'opaque' }>): WireBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '' }
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'redacted-thinking':
      return { type: 'redacted_thinking', data: block.data }
    case 'tool-call':
      return { type: 'tool_use', id: block.id, name: block.name, input: {}, caller: { type: 'direct' } }
  }
}

// Clients put these blocks together from deltas, and some look nowhere else.
function openOpaque(value: JsonObject): OpenedBlock {
  const { input, content = null, encrypted_content = null } = value
  if (value['type'] === 'compaction') {
    return {
      start: { ...value, content: null, encrypted_content: null },
      deltas: [{ type: 'compaction_delta', content, encrypted_content }],
    }
  }
  if (!isJsonObject(input)) return { start: value, deltas: [] }
  return { start: { ...value, input: {} }, deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(input) }] }
}

import type { Answer, Written } from '../../core/collect.ts'
import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { objectIn } from '../json.ts'
import type { ReplyContext } from '../protocol.ts'
import { emptyBlock } from './encode-block.ts'
import { ownExtras } from './extras.ts'
import { encodeStop } from './stop.ts'
import { encodeToolInput } from './tool-input.ts'
import { encodeUsage } from './usage.ts'
import type { WireBlock, WireMessage } from './wire.ts'

/** What is known of an answer when it begins. */
interface Opening {
  readonly id: string
  readonly model: string
  readonly usage: Usage
  readonly extras?: Extras
}

/** Speaks a whole answer as an Anthropic message. */
export function encodeAnswer(answer: Answer, { responseId }: ReplyContext): JsonObject {
  const message = encodeMessage({ ...answer, id: responseId })
  return { ...message, content: answer.blocks.flatMap(encodeWritten), ...encodeStop(answer.stop) }
}

/** Gives the message that an answer begins with: everything spelled out, nothing said. */
export function encodeMessage(opening: Opening): WireMessage {
  const { usage: _, ...kept } = ownExtras(opening)
  return {
    id: opening.id,
    type: 'message',
    role: 'assistant',
    model: opening.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    ...kept,
    usage: { ...encodeUsage(opening.usage), ...usageExtras(ownExtras(opening)) },
  }
}

/** The counts that only this protocol has. */
export function usageExtras(kept: JsonObject): JsonObject | undefined {
  return objectIn(kept['usage'])
}

function encodeWritten({ block, content, signature, citations = [] }: Written): readonly (WireBlock | JsonObject)[] {
  if (block.type === 'opaque') return block.protocol === 'anthropic-messages' ? [block.value] : []
  const empty = { ...emptyBlock(block), ...ownExtras(block) }
  switch (block.type) {
    case 'text': {
      const own = citations.filter(({ protocol }) => protocol === 'anthropic-messages').map(({ value }) => value)
      return [{ ...empty, text: content, ...(own.length > 0 && { citations: own }) }]
    }
    case 'thinking':
      return [{ ...empty, thinking: content, signature: signature ?? '' }]
    case 'tool-call':
      return [{ ...empty, input: encodeToolInput(content) }]
    case 'redacted-thinking':
      return [empty]
  }
}

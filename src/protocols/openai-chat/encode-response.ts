import type { Answer, Written } from '../../core/collect.ts'
import type { TokenLogprob } from '../../core/events.ts'
import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'
import { defined, stringIn } from '../json.ts'
import type { ReplyContext } from '../protocol.ts'
import { encodeLogprobs } from './logprobs.ts'
import { finishReasons } from './stop.ts'
import { encodeUsage } from '../openai-usage.ts'
import type { AnswerMessage, ChatCompletion, FunctionToolCall } from './wire.ts'

/** Speaks a whole answer as a chat completion. */
export function encodeAnswer(answer: Answer, { responseId, created }: ReplyContext): JsonObject {
  const { stop } = answer
  const logprobs = answer.blocks.flatMap((block): readonly TokenLogprob[] => block.logprobs ?? [])
  const completion: ChatCompletion = {
    id: responseId,
    object: 'chat.completion',
    created,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: encodeMessage(answer),
        logprobs: logprobs.length > 0 ? encodeLogprobs(logprobs) : null,
        finish_reason: finishReasons[stop.reason],
        ...(stop.sequence !== undefined && { stop_reason: stop.sequence }),
      },
    ],
    ...defined({ usage: encodeUsage(answer.usage) }),
    ...ownHead(answer.extras),
  }
  return completion
}

/** What a call without arguments says: a client that parses arguments as JSON would trip over nothing at all. */
export const emptyInput = '{}'

/** The fields of an upstream's own answer that stand beside `model`. */
export function ownHead(extras: Extras | undefined): { readonly system_fingerprint?: string } {
  return defined({ system_fingerprint: stringIn(extras?.['openai-chat']?.['system_fingerprint']) })
}

function encodeMessage({ blocks, stop }: Answer): AnswerMessage {
  const text = joined(blocks, 'text')
  const reasoning = joined(blocks, 'thinking')
  const calls = blocks.flatMap(encodeCall)
  const refusal = stop.reason === 'refusal' && stop.explanation ? stop.explanation : null
  const isSilent = text === '' && (calls.length > 0 || refusal !== null)
  return {
    role: 'assistant',
    content: isSilent ? null : text,
    refusal,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function joined(blocks: readonly Written[], type: 'text' | 'thinking'): string {
  return blocks.map(({ block, content }) => (block.type === type ? content : '')).join('')
}

function encodeCall({ block, content }: Written): readonly FunctionToolCall[] {
  if (block.type !== 'tool-call') return []
  const { id, name } = block
  return [{ id, type: 'function', function: { name, arguments: content === '' ? emptyInput : content } }]
}

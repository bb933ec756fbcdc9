import type { Answer, Written } from '../../src/core/collect.ts'
import type { TokenLogprob } from '../../src/core/events.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { openSeal } from '../../src/protocols/reasoning-seal.ts'
import type { SseFrame } from '../../src/protocols/sse.ts'

/** An item of an answer, and the events that an upstream writes it with. */
interface Spoken {
  readonly item: JsonObject
  readonly events: readonly (JsonObject & { readonly type: string })[]
}

/** Speaks an answer as OpenAI's Responses does, for a client to read. */
export function speakResponse(answer: Answer): readonly SseFrame[] {
  const spoken = answer.blocks.map(speakItem)
  const opening = { id: answer.id, object: 'response', model: answer.model, status: 'in_progress', output: [] }
  const events = [
    { type: 'response.created', response: opening },
    { type: 'response.in_progress', response: opening },
    ...spoken.flatMap(({ item, events }, output_index) => [
      { type: 'response.output_item.added', output_index, item: begun(item) },
      ...events.map(event => ({ ...event, output_index, item_id: item['id'] })),
      { type: 'response.output_item.done', output_index, item },
    ]),
    { type: `response.${statusOf(answer)}`, response: wholeResponse(answer) },
  ]
  return events.map((event, sequence_number) => ({
    event: event.type,
    data: JSON.stringify({ ...event, sequence_number }),
  }))
}

/** The same answer, whole. */
export function wholeResponse(answer: Answer): JsonObject {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = answer.usage
  const plain: JsonObject = JSON.parse(
    JSON.stringify({
      id: answer.id,
      object: 'response',
      model: answer.model,
      status: statusOf(answer),
      error: null,
      incomplete_details: incompleteDetails(answer),
      output: answer.blocks.map((written, index) => speakItem(written, index).item),
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
        output_tokens: outputTokens,
        output_tokens_details: { reasoning_tokens: thinkingTokens },
      },
    }),
  )
  return plain
}

function statusOf({ stop }: Answer): string {
  return stop.reason === 'end-turn' || stop.reason === 'tool-use' ? 'completed' : 'incomplete'
}

function incompleteDetails({ stop }: Answer): JsonObject | null {
  if (stop.reason === 'end-turn' || stop.reason === 'tool-use') return null
  const reasons = { 'max-tokens': 'max_output_tokens', refusal: 'content_filter' } as const
  return { reason: stop.reason === 'max-tokens' || stop.reason === 'refusal' ? reasons[stop.reason] : 'steered' }
}

function begun(item: JsonObject): JsonObject {
  const { content: _content, summary: _summary, encrypted_content: _hidden, ...rest } = item
  return { ...rest, ...(item['type'] === 'function_call' && { arguments: '' }), status: 'in_progress' }
}

function speakItem(written: Written, index: number): Spoken {
  const { block } = written
  switch (block.type) {
    case 'text':
      return speakMessage(written, `msg_${index}`)
    case 'thinking':
      return speakReasoning(written)
    case 'tool-call': {
      const item = { type: 'function_call', id: `fc_${index}`, call_id: block.id, name: block.name }
      return {
        item: { ...item, arguments: written.content, status: 'completed' },
        events: [
          ...pieces(written.content).map(delta => ({ type: 'response.function_call_arguments.delta', delta })),
          { type: 'response.function_call_arguments.done', arguments: written.content },
        ],
      }
    }
    case 'opaque':
      return { item: block.value, events: [{ type: 'response.web_search_call.in_progress' }] }
    case 'redacted-thinking':
      throw new Error('Responses has no such item')
  }
}

function speakMessage({ content: text, logprobs = [], citations = [] }: Written, id: string): Spoken {
  const annotations = citations.map(({ value }) => value)
  const spelt = logprobs.map(spellLogprob)
  const part = { type: 'output_text', text, annotations, logprobs: spelt }
  const said = pieces(text)
  return {
    item: { type: 'message', id, role: 'assistant', status: 'completed', content: [part] },
    events: [
      { type: 'response.content_part.added', content_index: 0, part: { type: 'output_text', text: '' } },
      ...said.map((delta, at) => ({
        type: 'response.output_text.delta',
        content_index: 0,
        delta,
        logprobs: at === 0 ? spelt : [],
      })),
      ...annotations.map((annotation, annotation_index) => ({
        type: 'response.output_text.annotation.added',
        content_index: 0,
        annotation_index,
        annotation,
      })),
      { type: 'response.output_text.done', content_index: 0, text },
      { type: 'response.content_part.done', content_index: 0, part },
    ],
  }
}

function speakReasoning({ content: text, signature }: Written): Spoken {
  const seal = openSeal('openai-responses', { type: 'thinking', text, ...(signature !== undefined && { signature }) })
  if (!seal) throw new Error('only reasoning of this protocol has an item')
  return {
    item: {
      type: 'reasoning',
      id: seal.id,
      summary: text === '' ? [] : [{ type: 'summary_text', text }],
      encrypted_content: seal.data,
    },
    events: [
      { type: 'response.reasoning_summary_part.added', summary_index: 0, part: { type: 'summary_text', text: '' } },
      ...pieces(text).map(delta => ({ type: 'response.reasoning_summary_text.delta', summary_index: 0, delta })),
      { type: 'response.reasoning_summary_text.done', summary_index: 0, text },
      { type: 'response.reasoning_summary_part.done', summary_index: 0, part: { type: 'summary_text', text } },
    ],
  }
}

function spellLogprob({ token, logprob, bytes = [], top = [] }: TokenLogprob): JsonObject {
  return {
    token,
    logprob,
    bytes,
    top_logprobs: top.map(({ token, logprob, bytes = [] }) => ({ token, logprob, bytes })),
  }
}

function pieces(text: string): readonly string[] {
  const points = Array.from(text)
  const middle = Math.ceil(points.length / 2)
  return [points.slice(0, middle).join(''), points.slice(middle).join('')].filter(piece => piece !== '')
}

import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { arrayIn, countIn, objectIn, parseJson, stringIn } from '../json.ts'
import { broken, decodeStreamError } from '../openai-errors.ts'
import type { SseFrame } from '../sse.ts'
import { BlockWriter } from './block-writer.ts'
import { CallQueue } from './call-queue.ts'
import { decodeContent } from './content.ts'
import { ownExtras } from './decode-response.ts'
import { decodeLogprobs } from './logprobs.ts'
import { readStop, refuseFailure } from './stop.ts'
import { decodeUsage } from '../openai-usage.ts'

/**
 * Reads an upstream's chunks. The answer is whole once a finish reason has come, with or without `[DONE]`;
 * token counts may still follow it. Throws a `ModelError` for whatever is not a whole answer.
 */
export async function* decodeStream(frames: AsyncIterable<SseFrame>): AsyncGenerator<ModelEvent> {
  const reader = new ChunkReader()
  for await (const frame of frames) {
    if ('comment' in frame || frame.data === '') continue
    if (frame.data === '[DONE]') break
    for (const event of reader.read(frame.data)) yield event
  }
  yield reader.end()
}

class ChunkReader {
  readonly #writer = new BlockWriter()
  readonly #calls = new CallQueue(this.#writer)
  #hasStarted = false
  #usage: Usage = {}
  #refusal = ''
  #finish: { readonly reason: string; readonly sequence: string | undefined } | undefined

  read(data: string): readonly ModelEvent[] {
    const parsed = parseJson(data, 'unavailable')
    // Google wraps its errors in a list.
    const chunk = objectIn(arrayIn(parsed)?.[0] ?? parsed)
    if (!chunk) throw broken('a chunk that is not an object')
    const error = errorIn(chunk)
    if (isStated(error)) throw decodeStreamError(error)
    const usage = usageIn(chunk)
    if (usage) this.#usage = { ...this.#usage, ...decodeUsage(usage) }
    const choices = arrayIn(chunk['choices'] ?? (usage && []))
    if (!choices) throw broken('a chunk without `choices`')
    const [choice] = choices
    if (choice === undefined) return []
    const start = this.#start(chunk)
    this.#readChoice(soleChoice(choices))
    return [...start, ...this.#writer.take()]
  }

  end(): ModelEvent {
    if (!this.#finish) throw new ModelError('unavailable', 'the answer of the upstream broke off before its end')
    const { reason, sequence } = this.#finish
    const stop = readStop({ reason, sequence, refusal: this.#refusal, calledTools: this.#calls.hasCalls })
    return { type: 'end', stop, usage: this.#usage }
  }

  #start(chunk: JsonObject): readonly ModelEvent[] {
    if (this.#hasStarted) return []
    this.#hasStarted = true
    const id = stringIn(chunk['id']) ?? ''
    this.#calls.answerId = id
    const model = stringIn(chunk['model']) ?? ''
    return [{ type: 'start', id, model, usage: this.#usage, ...ownExtras(chunk) }]
  }

  #readChoice(choice: JsonObject): void {
    const delta = objectIn(choice['delta']) ?? {}
    if (this.#finish) {
      if (saysSomething(delta)) throw broken('more of an answer after its finish reason')
      return
    }
    this.#readDelta(delta, choice['logprobs'])
    const reason = textIn(choice, 'finish_reason')
    if (reason === '') return
    refuseFailure(reason)
    this.#calls.flush()
    this.#writer.close()
    this.#finish = { reason, sequence: stringIn(choice['stop_reason']) }
  }

  #readDelta(delta: JsonObject, logprobs: Json | undefined): void {
    const reasoning = reasoningIn(delta)
    if (reasoning !== '') {
      this.#calls.flush()
      this.#writer.thinking(reasoning)
    }
    const chances = isStated(logprobs) && typeof delta['content'] === 'string' ? decodeLogprobs(logprobs) : []
    for (const { type, text } of decodeContent(delta['content'])) {
      if (text === '' && chances.length === 0) continue
      this.#calls.flush()
      if (type === 'text') this.#writer.text(text, chances)
      else this.#writer.thinking(text)
    }
    this.#refusal += textIn(delta, 'refusal')
    for (const fragment of arrayIn(delta['tool_calls']) ?? []) this.#calls.read(fragment)
  }
}

function soleChoice(choices: readonly Json[]): JsonObject {
  const choice = objectIn(choices[0])
  const isSole = choices.length === 1 && (countIn(choice?.['index']) ?? 0) === 0
  if (!choice || !isSole) throw broken('something other than the one answer that was asked for')
  return choice
}

function isStated(value: Json | undefined): value is Json {
  return value !== undefined && value !== null
}

/** Gives a text field, empty where it is absent. */
function textIn(object: JsonObject, key: string): string {
  const value = object[key]
  if (!isStated(value)) return ''
  if (typeof value !== 'string') throw broken(`\`${key}\` that is not text`)
  return value
}

/** Finds the error of a chunk; Groq hides its own in `x_groq`, and OpenRouter may put it on the choice. */
function errorIn(chunk: JsonObject): Json | undefined {
  const choice = objectIn(arrayIn(chunk['choices'])?.[0])
  return chunk['error'] ?? objectIn(chunk['x_groq'])?.['error'] ?? choice?.['error']
}

function usageIn(chunk: JsonObject): JsonObject | undefined {
  return objectIn(chunk['usage']) ?? objectIn(objectIn(chunk['x_groq'])?.['usage'])
}

function saysSomething(delta: JsonObject): boolean {
  const content = decodeContent(delta['content']).map(({ text }) => text)
  const said = content.join('') + textIn(delta, 'refusal') + reasoningIn(delta)
  return said !== '' || (arrayIn(delta['tool_calls']) ?? []).length > 0
}

/** Reads reasoning under either of its names. A server that sends both says the same twice. */
function reasoningIn(delta: JsonObject): string {
  return textIn(delta, 'reasoning_content') || textIn(delta, 'reasoning')
}

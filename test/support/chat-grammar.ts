import type { SseFrame } from '../../src/protocols/sse.ts'
import { object, parse, type Fields } from './json-fields.ts'

/**
 * Checks a whole chat-completion stream as a client gets it, knowing nothing of the code that wrote it.
 * Gives what is wrong, in order; a good stream gives nothing. A stream that ends with an error frame is checked up to it.
 */
export function checkChatStream(frames: readonly SseFrame[]): string[] {
  const grammar = new ChatGrammar()
  for (const frame of frames) grammar.read(frame)
  return grammar.finish()
}

const shared = ['id', 'object', 'created', 'model'] as const
const deltaFields = new Set(['role', 'content', 'refusal', 'reasoning_content', 'tool_calls'])

const finishReasons: ReadonlySet<unknown> = new Set(['stop', 'length', 'tool_calls', 'content_filter'])

class ChatGrammar {
  readonly #faults: string[] = []
  #frameCount = 0
  #state: 'before' | 'speaking' | 'finished' | 'counted' | 'done' | 'failed' = 'before'
  #head: Fields | undefined
  #statesUsage: boolean | undefined
  #lastCall = -1

  read(frame: SseFrame): void {
    if ('comment' in frame) return
    this.#frameCount += 1
    if (frame.event !== undefined) this.#fault(`has the event name ${frame.event}`)
    if (this.#state === 'done' || this.#state === 'failed') this.#fault('comes after the end of the stream')
    if (frame.data === '[DONE]') this.#readDone()
    else this.#readObject(parse(frame.data))
  }

  finish(): string[] {
    if (this.#state !== 'done' && this.#state !== 'failed') this.#fault('is the last, but the stream has no end')
    return this.#faults
  }

  #fault(what: string): void {
    this.#faults.push(`frame ${this.#frameCount} ${what}`)
  }

  #readDone(): void {
    if (this.#state !== 'finished' && this.#state !== 'counted') this.#fault('is [DONE] before a finish reason')
    if (this.#statesUsage === true && this.#state !== 'counted') this.#fault('is [DONE] before the token counts')
    this.#state = 'done'
  }

  #readObject(chunk: Fields | undefined): void {
    if (!chunk) return this.#fault('is not a JSON object')
    if ('error' in chunk) return this.#readError(chunk['error'])
    this.#readHead(chunk)
    this.#readUsage(chunk)
    const choices: unknown = chunk['choices']
    if (!Array.isArray(choices) || choices.length > 1) return this.#fault('has not one choice')
    if (choices.length === 1) this.#readChoice(object(choices[0]) ?? {})
    else if (this.#state === 'finished') this.#state = 'counted'
    else this.#fault('has no choice before the answer is finished')
  }

  #readError(error: unknown): void {
    const { message, type, param, code, ...others } = object(error) ?? {}
    if (typeof message !== 'string' || message === '') this.#fault('is an error without a message')
    if (typeof type !== 'string') this.#fault('is an error without a type')
    for (const word of [param, code]) {
      if (word !== null && typeof word !== 'string') this.#fault('is an error whose param or code is no text')
    }
    if (Object.keys(others).length > 0) this.#fault('is an error with unknown fields')
    this.#state = 'failed'
  }

  #readHead(chunk: Fields): void {
    this.#head ??= chunk
    for (const key of shared) {
      if (chunk[key] !== this.#head[key]) this.#fault(`has another ${key} than the first`)
    }
    if (typeof chunk['id'] !== 'string' || chunk['id'] === '') this.#fault('has no id')
    if (chunk['object'] !== 'chat.completion.chunk') this.#fault('is not a chat.completion.chunk')
    if (!Number.isInteger(chunk['created'])) this.#fault('has no time')
    if (typeof chunk['model'] !== 'string') this.#fault('has no model')
  }

  #readUsage(chunk: Fields): void {
    const statesUsage = 'usage' in chunk
    this.#statesUsage ??= statesUsage
    if (statesUsage !== this.#statesUsage) this.#fault('states usage unlike those before it')
    const usage: unknown = chunk['usage']
    if (usage === undefined || usage === null) return
    if (this.#state !== 'finished') this.#fault('states token counts before the finish reason')
    const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = object(usage) ?? {}
    if (!isCount(prompt) || !isCount(completion) || total !== prompt + completion)
      this.#fault('has counts that do not add up')
  }

  #readChoice(choice: Fields): void {
    if (this.#state === 'finished' || this.#state === 'counted') this.#fault('goes on after the finish reason')
    if (choice['index'] !== 0) this.#fault('is for another choice than 0')
    if (!('logprobs' in choice)) this.#fault('says nothing of logprobs')
    const delta = object(choice['delta'])
    if (!delta) return this.#fault('has no delta')
    this.#readDelta(delta)
    const reason = choice['finish_reason']
    if (reason === null) {
      if (Object.keys(delta).length === 0) this.#fault('has an empty delta')
      this.#state = 'speaking'
      return
    }
    if (!finishReasons.has(reason)) this.#fault('has an unknown finish reason')
    if (Object.keys(delta).length > 0) this.#fault('has a finish reason beside a delta')
    this.#state = 'finished'
  }

  #readDelta(delta: Fields): void {
    for (const key of Object.keys(delta)) if (!deltaFields.has(key)) this.#fault(`has the unknown delta ${key}`)
    if (this.#state === 'before') {
      if (delta['role'] !== 'assistant' || delta['content'] !== '')
        this.#fault('does not open with the role and no content')
    } else if ('role' in delta) this.#fault('states the role again')
    for (const key of ['content', 'refusal', 'reasoning_content']) {
      if (key in delta && typeof delta[key] !== 'string') this.#fault(`has a ${key} that is no text`)
    }
    if ('tool_calls' in delta) this.#readCalls(delta['tool_calls'])
  }

  #readCalls(calls: unknown): void {
    if (!Array.isArray(calls) || calls.length !== 1) return this.#fault('has not one tool call')
    const call = object(calls[0]) ?? {}
    const called = object(call['function']) ?? {}
    if (typeof called['arguments'] !== 'string') this.#fault('has a tool call without arguments')
    if ('id' in call) this.#readFirstPiece(call, called)
    else if (call['index'] !== this.#lastCall) this.#fault('goes on with another tool call than the last')
    else if ('type' in call || 'name' in called) this.#fault('names a tool call again')
  }

  #readFirstPiece(call: Fields, called: Fields): void {
    this.#lastCall += 1
    if (call['index'] !== this.#lastCall) this.#fault('has a tool call whose index is not the next')
    if (typeof call['id'] !== 'string' || call['type'] !== 'function')
      this.#fault('begins a tool call that is no function call')
    if (typeof called['name'] !== 'string' || called['name'] === '') this.#fault('begins a tool call without a name')
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

import type { ChoiceEvent, ChoiceStream } from '../../core/completion.ts'
import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { defined } from '../json.ts'
import { encodeUsage } from '../openai-usage.ts'
import type { ReplyContext } from '../protocol.ts'
import type { SseFrame } from '../sse.ts'
import { ChoiceWriter } from './choice-writer.ts'
import { joinLogprobs } from './logprobs.ts'
import type { TextChoice, TextCompletion } from './wire.ts'

/** What answers to several prompts carry that the model did not write. */
export interface CompletionContext extends ReplyContext {
  /** How many prompts are answered. */
  readonly choices: number
  /** Whether each answer begins with its prompt. */
  readonly echoesPrompt: boolean
}

/** Speaks answers as completion chunks. Throws `unavailable` for one that breaks off. */
export async function* encodeStream(events: ChoiceStream, context: CompletionContext): AsyncGenerator<SseFrame> {
  const speaker = new Speaker(context)
  const { includesUsage } = context
  for await (const event of events) {
    const choice = speaker.write(event)
    if (choice) yield { data: JSON.stringify({ ...speaker.frame([choice]), ...(includesUsage && { usage: null }) }) }
  }
  speaker.requireAll()
  if (includesUsage) yield { data: JSON.stringify({ ...speaker.frame([]), usage: speaker.usage ?? null }) }
  yield { data: '[DONE]' }
}

/** Speaks answers as one completion. Throws what the stream throws, and `unavailable` for an answer that breaks off. */
export async function encodeAnswer(events: ChoiceStream, context: CompletionContext): Promise<JsonObject> {
  const speaker = new Speaker(context)
  const pieces = Array.from({ length: context.choices }, (): TextChoice[] => [])
  for await (const event of events) {
    const piece = speaker.write(event)
    if (piece) pieces[event.choice]?.push(piece)
  }
  speaker.requireAll()
  return { ...speaker.frame(pieces.map(joinChoice)), ...defined({ usage: speaker.usage }) }
}

/** Whether the client sees something in this event that it could not unsee. */
export function isVisible(event: ModelEvent): boolean {
  if (event.type === 'text-delta') return event.text !== '' || event.logprobs !== undefined
  return event.type === 'end'
}

/** Writes what belongs to one request for completions. */
class Speaker {
  readonly #context: CompletionContext
  readonly #writers: readonly ChoiceWriter[]

  constructor(context: CompletionContext) {
    this.#context = context
    this.#writers = Array.from({ length: context.choices }, (_, index) => new ChoiceWriter(index, context))
  }

  write({ choice, event }: ChoiceEvent): TextChoice | undefined {
    const writer = this.#writers[choice]
    if (!writer) throw new Error(`there is no prompt ${choice}`)
    return writer.write(event)
  }

  frame(choices: readonly TextChoice[]): TextCompletion {
    const { responseId: id, created } = this.#context
    const model = this.#writers.find(writer => writer.model !== '')?.model ?? ''
    return { id, object: 'text_completion', created, model, choices }
  }

  requireAll(): void {
    if (this.#writers.every(({ hasEnded }) => hasEnded)) return
    throw new ModelError('unavailable', 'the answer broke off before its end')
  }

  /** What all answers cost together, where that is known of each. */
  get usage(): TextCompletion['usage'] {
    return encodeUsage(this.#writers.map(({ usage }) => usage).reduce(addUsage))
  }
}

function addUsage(one: Usage, other: Usage): Usage {
  const sum = (name: keyof Usage): number | undefined => {
    const [a, b] = [one[name], other[name]]
    return a === undefined || b === undefined ? undefined : a + b
  }
  return defined({
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: sum('cacheWriteTokens'),
  })
}

function joinChoice(pieces: readonly TextChoice[], index: number): TextChoice {
  const logprobs = pieces.flatMap(piece => piece.logprobs ?? [])
  return {
    ...(pieces.at(-1) ?? { finish_reason: null }),
    text: pieces.map(({ text }) => text).join(''),
    index,
    logprobs: logprobs.length > 0 ? joinLogprobs(logprobs) : null,
  }
}

import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { arrayIn, objectIn, stringIn } from '../json.ts'
import { broken, decodeStreamError } from '../openai-errors.ts'
import { OutputReader } from './output-reader.ts'
import { decodeStop } from './stop.ts'
import { decodeUsage } from './usage.ts'

const prefix = 'response.'

const terminal: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
])

/** Reads one answer, event by event. */
export class ResponseReader {
  isDone = false
  readonly #output = new OutputReader()
  #hasStarted = false;

  *read(type: string, event: JsonObject): Generator<ModelEvent> {
    if (type === 'error' || (event['error'] ?? null) !== null) throw decodeStreamError(event['error'] ?? event)
    if (!type.startsWith(prefix)) return
    const response = objectIn(event['response'])
    yield* this.#start(response ?? {})
    if (terminal.has(type)) yield* this.#end({ status: type.slice(prefix.length), ...response })
    else {
      this.#readOutput(type, event)
      yield* this.#output.take()
    }
  }

  /** Reads an answer that comes whole. */
  *readWhole(response: JsonObject): Generator<ModelEvent> {
    yield* this.#start(response)
    yield* this.#end({ status: 'completed', ...response })
  }

  #readOutput(type: string, event: JsonObject): void {
    if (type === 'response.output_item.added') this.#output.begin(event)
    else if (type === 'response.output_item.done') this.#output.end(event)
    else this.#output.read(type, event)
  }

  *#start(response: JsonObject): Generator<ModelEvent> {
    if (this.#hasStarted) return
    this.#hasStarted = true
    yield { type: 'start', id: stringIn(response['id']) ?? '', model: stringIn(response['model']) ?? '', usage: {} }
  }

  *#end(response: JsonObject): Generator<ModelEvent> {
    refuseFailure(response)
    this.#output.endAll(arrayIn(response['output']) ?? [])
    yield* this.#output.take()
    this.isDone = true
    yield {
      type: 'end',
      stop: decodeStop(response, this.#output.said),
      usage: decodeUsage(objectIn(response['usage']) ?? {}),
    }
  }
}

function refuseFailure({ status, error }: JsonObject): void {
  const failure = objectIn(error)
  if (failure) throw decodeStreamError(failure)
  if (status === 'failed') throw broken('an answer that failed half-way')
  if (status === 'cancelled') throw new ModelError('unavailable', 'the answer was cancelled at the upstream')
}

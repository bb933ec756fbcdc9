import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EmbeddedText, FromWorker, TextTask, ToWorker, WorkerFailure } from '../messages.ts'
import type { ServedModel } from './serve.ts'

/** A loaded model that makes vectors or scores of texts, and writes nothing. */
export interface TextModel {
  /** The longest text, with the tokens that begin and end it. */
  readonly contextTokens: number
  readonly threads: number
  readonly system: string
  /** Gives the texts of a task; undefined where this model does not do it. */
  open(task: TextTask): TaskTexts | undefined
  /** Gives the vector of a text's tokens. */
  evaluate(tokens: Uint32Array): Promise<Float32Array>
  /** What is said to those who ask for something else. */
  readonly refusal: string
}

/** The texts of one task. */
export interface TaskTexts {
  readonly count: number
  /** Which field of the request they came in. */
  readonly field: 'input' | 'documents'
  tokenize(place: number): Uint32Array
}

export interface ServeTextsOptions {
  readonly send: (message: FromWorker) => void
  /** Called when the native engine failed: nothing it holds can be trusted any more. */
  readonly onFailure: (error: unknown) => void
}

/** One request: its texts are read first, so that one that does not fit is refused before any work. */
interface Wish {
  readonly id: number
  readonly texts: TaskTexts
  readonly read: Uint32Array[]
  evaluated: number
}

/** Serves a model that makes vectors or scores. Requests that come together take turns, a text each. */
export function serveTexts(model: TextModel, options: ServeTextsOptions): ServedModel {
  return new TextServer(model, options)
}

class TextServer implements ServedModel {
  readonly #model: TextModel
  readonly #options: ServeTextsOptions
  readonly #wishes = new Map<number, Wish>()
  readonly #refusal: WorkerFailure
  #run: Promise<void> | undefined

  constructor(model: TextModel, options: ServeTextsOptions) {
    this.#model = model
    this.#options = options
    this.#refusal = {
      kind: 'invalid-request',
      message: model.refusal,
      field: ['model'],
      code: 'unsupported-value',
    }
  }

  receive(message: Exclude<ToWorker, { type: 'load' }>): void {
    const { id } = message
    const { send } = this.#options
    const failure = this.#refusal
    switch (message.type) {
      case 'embed':
      case 'rank':
        return this.#take(id, message)
      case 'cancel':
        this.#wishes.delete(id)
        return
      case 'pause':
      case 'resume':
        return
      case 'count':
        return send({ type: 'count', id, result: { failure } })
      case 'generate':
        return send({ type: 'step', events: [{ type: 'failed', id, failure }] })
    }
  }

  async leave(): Promise<void> {
    this.#wishes.clear()
    await this.#run
  }

  #take(id: number, task: TextTask): void {
    const texts = this.#model.open(task)
    if (!texts) return this.#tell(id, { failure: this.#refusal })
    this.#wishes.set(id, { id, texts, read: [], evaluated: 0 })
    this.#run ??= this.#work()
  }

  async #work(): Promise<void> {
    try {
      for (let [wish] = this.#wishes.values(); wish; [wish] = this.#wishes.values()) {
        this.#wishes.delete(wish.id)
        this.#wishes.set(wish.id, wish)
        await this.#advance(wish)
      }
      this.#tellStep(0)
    } catch (error) {
      this.#options.onFailure(error)
    } finally {
      this.#run = undefined
    }
  }

  /** Reads a request's next text, or makes of it what is asked for. */
  async #advance(wish: Wish): Promise<void> {
    if (wish.read.length < wish.texts.count) {
      this.#tellStep(0)
      this.#read(wish)
      // What came meanwhile is heard, a cancellation too.
      await nextTurn()
      return
    }
    const tokens = wish.read[wish.evaluated] ?? new Uint32Array(0)
    this.#tellStep(tokens.length)
    const vector = await this.#model.evaluate(tokens)
    // The client may have left.
    if (!this.#wishes.has(wish.id)) return
    wish.evaluated += 1
    if (wish.evaluated === wish.texts.count) this.#wishes.delete(wish.id)
    this.#tell(wish.id, { vector: Buffer.from(vector.buffer).toString('base64'), tokens: tokens.length })
  }

  #read({ id, read, texts }: Wish): void {
    const { contextTokens } = this.#model
    const place = read.length
    const tokens = texts.tokenize(place)
    read.push(tokens)
    if (tokens.length > 0 && tokens.length <= contextTokens) return
    this.#wishes.delete(id)
    const what = texts.field === 'documents' ? 'the text with its query' : 'the text'
    const said =
      tokens.length === 0 ? 'says nothing' : `is too long: ${tokens.length} tokens > ${contextTokens} maximum`
    const failure: WorkerFailure = {
      kind: 'invalid-request',
      message: `${texts.field}.${place}: ${what} ${said}`,
      field: [texts.field, place],
      ...(tokens.length > 0 && { code: 'context-length-exceeded' }),
    }
    this.#tell(id, { failure })
  }

  #tell(id: number, result: EmbeddedText | { readonly failure: WorkerFailure }): void {
    this.#options.send({ type: 'embedding', id, result })
  }

  #tellStep(evaluates: number): void {
    this.#options.send({ type: 'step', events: [], evaluates })
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EmbeddedText, FromWorker, ToWorker, WorkerFailure } from '../messages.ts'
import type { EmbeddingModel } from './embedding-model.ts'
import type { ServedModel } from './serve.ts'

export interface ServeEmbeddingsOptions {
  readonly send: (message: FromWorker) => void
  /** Called when the native engine failed: nothing it holds can be trusted any more. */
  readonly onFailure: (error: unknown) => void
}

/** One request: its texts are read first, so that one that does not fit is refused before any work. */
interface Wish {
  readonly id: number
  readonly texts: readonly string[]
  readonly read: Uint32Array[]
  embedded: number
}

/** Serves a model that makes embeddings. Requests that come together take turns, a text each. */
export function serveEmbeddings(model: EmbeddingModel, options: ServeEmbeddingsOptions): ServedModel {
  return new EmbeddingServer(model, options)
}

class EmbeddingServer implements ServedModel {
  readonly #model: EmbeddingModel
  readonly #options: ServeEmbeddingsOptions
  readonly #wishes = new Map<number, Wish>()
  #run: Promise<void> | undefined

  constructor(model: EmbeddingModel, options: ServeEmbeddingsOptions) {
    this.#model = model
    this.#options = options
  }

  receive(message: Exclude<ToWorker, { type: 'load' }>): void {
    const { id } = message
    const { send } = this.#options
    switch (message.type) {
      case 'embed':
        this.#wishes.set(id, { id, texts: message.texts, read: [], embedded: 0 })
        this.#run ??= this.#work()
        return
      case 'cancel':
        this.#wishes.delete(id)
        return
      case 'count':
        return send({ type: 'count', id, result: { failure: writesNothing } })
      case 'generate':
        return send({ type: 'step', events: [{ type: 'failed', id, failure: writesNothing }] })
    }
  }

  async leave(): Promise<void> {
    this.#wishes.clear()
    await this.#run
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

  /** Reads a request's next text, or turns it into a vector. */
  async #advance(wish: Wish): Promise<void> {
    if (wish.read.length < wish.texts.length) {
      this.#tellStep(0)
      this.#read(wish, wish.texts[wish.read.length] ?? '')
      // What came meanwhile is heard, a cancellation too.
      await nextTurn()
      return
    }
    const tokens = wish.read[wish.embedded] ?? new Uint32Array(0)
    this.#tellStep(tokens.length)
    const vector = await this.#model.embed(tokens)
    // The client may have left.
    if (!this.#wishes.has(wish.id)) return
    wish.embedded += 1
    if (wish.embedded === wish.texts.length) this.#wishes.delete(wish.id)
    this.#tell(wish.id, { vector: Buffer.from(vector.buffer).toString('base64'), tokens: tokens.length })
  }

  #read(wish: Wish, text: string): void {
    const tokens = this.#model.tokenize(text)
    const { contextTokens } = this.#model
    const place = wish.read.push(tokens) - 1
    if (tokens.length > 0 && tokens.length <= contextTokens) return
    this.#wishes.delete(wish.id)
    const said =
      tokens.length === 0 ? 'says nothing' : `is too long: ${tokens.length} tokens > ${contextTokens} maximum`
    const failure: WorkerFailure = {
      kind: 'invalid-request',
      message: `input.${place}: the text ${said}`,
      field: ['input', place],
      ...(tokens.length > 0 && { code: 'context-length-exceeded' }),
    }
    this.#tell(wish.id, { failure })
  }

  #tell(id: number, result: EmbeddedText | { readonly failure: WorkerFailure }): void {
    this.#options.send({ type: 'embedding', id, result })
  }

  #tellStep(evaluates: number): void {
    this.#options.send({ type: 'step', events: [], evaluates })
  }
}

const writesNothing: WorkerFailure = {
  kind: 'invalid-request',
  message: 'model: this one makes embeddings and writes no answers; ask it at /v1/embeddings, or choose another',
  field: ['model'],
  code: 'unsupported-value',
}

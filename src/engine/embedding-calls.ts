import type { Embeddings } from '../core/backend.ts'
import type { ModelError } from '../core/errors.ts'
import type { EmbeddedText } from './messages.ts'

interface Call {
  readonly done: PromiseWithResolvers<Embeddings>
  readonly vectors: Float32Array[]
  readonly texts: number
  inputTokens: number
}

/** The texts that a child process is turning into vectors, request by request. */
export class EmbeddingCalls {
  readonly #calls = new Map<number, Call>()

  get size(): number {
    return this.#calls.size
  }

  /** Settles when the last of so many texts is a vector. */
  open(id: number, texts: number): Promise<Embeddings> {
    const done = Promise.withResolvers<Embeddings>()
    this.#calls.set(id, { done, texts, vectors: [], inputTokens: 0 })
    return done.promise
  }

  close(id: number): void {
    this.#calls.delete(id)
  }

  /** Takes a request's next vector. */
  take(id: number, { vector, tokens }: EmbeddedText): void {
    const call = this.#calls.get(id)
    if (!call) return
    call.inputTokens += tokens
    call.vectors.push(new Float32Array(Uint8Array.from(Buffer.from(vector, 'base64')).buffer))
    const { vectors, inputTokens } = call
    if (vectors.length === call.texts) call.done.resolve({ vectors, inputTokens })
  }

  fail(id: number, error: ModelError): void {
    this.#calls.get(id)?.done.reject(error)
  }

  failAll(error: ModelError): void {
    for (const { done } of this.#calls.values()) done.reject(error)
    this.#calls.clear()
  }
}

import type { ModelError } from '../core/errors.ts'
import type { CountResult } from './messages.ts'
import { toModelError } from './worker-failure.ts'

/** The prompts whose tokens a child process is counting. */
export class CountCalls {
  readonly #calls = new Map<number, PromiseWithResolvers<number>>()

  get size(): number {
    return this.#calls.size
  }

  /** Settles when the prompt is counted. */
  open(id: number): Promise<number> {
    const counting = Promise.withResolvers<number>()
    this.#calls.set(id, counting)
    return counting.promise
  }

  settle(id: number, result: CountResult): void {
    const counting = this.#calls.get(id)
    this.#calls.delete(id)
    if ('tokens' in result) counting?.resolve(result.tokens)
    else counting?.reject(toModelError(result.failure))
  }

  failAll(error: ModelError): void {
    for (const counting of this.#calls.values()) counting.reject(error)
    this.#calls.clear()
  }
}

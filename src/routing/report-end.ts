import { toModelError, type ModelError } from '../core/errors.ts'

/** Passes a stream on unchanged and tells how it ended. By hand, so that closing it unread closes its source. */
export function reportEnd<Item>(
  items: AsyncIterableIterator<Item>,
  onEnd: (failure?: ModelError) => void,
): AsyncIterableIterator<Item> {
  const look = (result: IteratorResult<Item>) => {
    if (result.done) onEnd()
    return result
  }
  const fail = (error: unknown): never => {
    onEnd(toModelError(error))
    throw error
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => items.next().then(look, fail),
    async return() {
      await items.return?.()
      return { done: true, value: undefined }
    },
  }
}

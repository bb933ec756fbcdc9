import type { ChoiceEvent } from '../core/completion.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'

export interface MergeOptions {
  readonly choices: number
  /** Opens the answer to a prompt. */
  readonly open: (choice: number) => Promise<ModelStream>
  /** The most answers that are open at a time. */
  readonly width: number
}

interface Reading {
  readonly choice: number
  readonly source: AsyncIterator<ModelEvent>
  readonly result: IteratorResult<ModelEvent>
}

/** Gives several answers side by side, as they come. The first failure is thrown, and all of them are closed. */
export async function* mergeChoices({ choices, open, width }: MergeOptions): AsyncGenerator<ChoiceEvent> {
  const readings = new Map<number, Promise<Reading>>()
  const sources = new Map<number, AsyncIterator<ModelEvent>>()
  const read = (choice: number, source: AsyncIterator<ModelEvent> | Promise<AsyncIterator<ModelEvent>>): void => {
    const reading = readOne(choice, source, sources)
    // One failure is thrown; those that come with it are not.
    reading.catch(() => undefined)
    // The latest goes to the end, so that an answer that always has something to say does not keep the others waiting.
    readings.delete(choice)
    readings.set(choice, reading)
  }
  try {
    for (let next = 0; next < choices || readings.size > 0;) {
      for (; next < choices && readings.size < width; next += 1) {
        const opened = open(next)
        read(
          next,
          opened.then(stream => stream[Symbol.asyncIterator]()),
        )
      }
      const { choice, source, result } = await Promise.race(readings.values())
      if (result.done) readings.delete(choice)
      else {
        yield { choice, event: result.value }
        read(choice, source)
      }
    }
  } finally {
    // A source in the middle of a read closes after it; nobody waits for that.
    for (const source of sources.values()) source.return?.().then(undefined, () => undefined)
  }
}

async function readOne(
  choice: number,
  opening: AsyncIterator<ModelEvent> | Promise<AsyncIterator<ModelEvent>>,
  sources: Map<number, AsyncIterator<ModelEvent>>,
): Promise<Reading> {
  const source = await opening
  sources.set(choice, source)
  return { choice, source, result: await source.next() }
}

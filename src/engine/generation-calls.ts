import { EventQueue } from './event-queue.ts'
import { createFlow } from './flow.ts'
import type { Flow, FlowOptions } from './flow.ts'
import { bytesOf } from './join-events.ts'
import { holdsSlot } from './holds-slot.ts'
import type { GenerationEvent } from './messages.ts'

/** An answer that a child writes, as it comes. */
export interface GenerationCall {
  readonly events: AsyncIterable<GenerationEvent>
  /** An event has reached who asked. */
  took(event: GenerationEvent): void
  fail(error: Error): void
}

interface Running {
  readonly events: EventQueue<GenerationEvent>
  readonly flow: Flow
  isStarted: boolean
}

/* A second or two of an answer with all that can be told of its tokens. */
const mostBytes = 256 * 1024

/** The answers that a child is asked for, until they are over. */
export class GenerationCalls {
  readonly #running = new Map<number, Running>()

  /** How many answers the child, of so many slots, has to work for: none that is paused, nor one that waits for it. */
  active(slots: number): number {
    const running = [...this.#running.values()]
    const paused = running.filter(({ flow }) => flow.isPaused)
    const waiting = running.filter(({ isStarted }) => !isStarted)
    return running.length - paused.length - (paused.length >= slots ? waiting.length : 0)
  }

  open(id: number, means: Pick<FlowOptions, 'pause' | 'resume'>): GenerationCall {
    const events = new EventQueue<GenerationEvent>()
    const flow = createFlow({ mostBytes, ...means })
    this.#running.set(id, { events, flow, isStarted: false })
    return { events, took: event => flow.taken(bytesOf(event)), fail: error => events.fail(error) }
  }

  close(id: number): void {
    this.#running.delete(id)
  }

  tell(event: GenerationEvent): void {
    const running = this.#running.get(event.id)
    if (!running) return
    if (holdsSlot(event)) running.isStarted = true
    running.events.push(event)
    running.flow.added(bytesOf(event))
  }

  /**
   * Ends all of them. While one of so many slots is free nothing waits: what has not started was being read. Nobody
   * works on what is paused.
   */
  failAll(slots: number, toError: (isSuspect: boolean) => Error): void {
    const running = [...this.#running.values()]
    const isFull = running.filter(({ isStarted }) => isStarted).length >= slots
    for (const { events, flow, isStarted } of running) {
      events.fail(toError(!flow.isPaused && (isStarted || !isFull)))
    }
    this.#running.clear()
  }
}

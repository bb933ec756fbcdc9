import type { GenerationEvent } from './messages.ts'

/** Whether an event tells that its generation waits for a slot no more. */
export function holdsSlot({ type }: GenerationEvent): boolean {
  return type === 'held' || type === 'started'
}

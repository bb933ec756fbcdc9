import type { ModelEvent } from '../../src/core/events.ts'

/**
 * Says what is wrong with the grammar of an answer: one start, blocks that count up from zero, one open at a time,
 * each delta in the open one, one end. A stream that failed is a beginning of one.
 */
export function eventFaults(events: readonly ModelEvent[], { isWhole = true } = {}): readonly string[] {
  const misplaced = events.flatMap(({ type }, at) => {
    const isStartMisplaced = (type === 'start') !== (at === 0)
    const isEndMisplaced = type === 'end' && at !== events.length - 1
    return isStartMisplaced || isEndMisplaced ? [`${type} at ${at}`] : []
  })
  const last = events.at(-1)?.type
  return [...misplaced, ...blockFaults(events), ...(isWhole && last !== 'end' ? [`${last} is the last`] : [])]
}

function blockFaults(events: readonly ModelEvent[]): readonly string[] {
  const faults: string[] = []
  let count = 0
  let isOpen = false
  for (const [at, event] of events.entries()) {
    if (event.type === 'end' && isOpen) faults.push('an open block at the end')
    if (!('index' in event)) continue
    const isBeginning = event.type === 'block-start'
    if (isBeginning) count += 1
    if (isBeginning === isOpen || event.index !== count - 1) faults.push(`${event.type} of ${event.index} at ${at}`)
    isOpen = event.type !== 'block-end'
  }
  return faults
}

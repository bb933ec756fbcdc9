import { ModelError } from '../../../src/core/errors.ts'
import type { ModelEvent } from '../../../src/core/events.ts'
import type { ProtocolId } from '../../../src/core/extras.ts'
import type { SseFrame } from '../../../src/protocols/sse.ts'
import type { StreamScript } from '../scripted-upstream.ts'
import { framesIn, readers, spoken } from '../speaking.ts'
import { eventsLeft } from './fault.ts'
import type { Fault } from './fault.ts'

/** What must come of an attempt: it is the answer, another one takes its place, or it fails before its client's eyes. */
export type Outcome = 'answers' | 'makes-way' | 'fails-in-sight'

/** A stream in which something goes wrong, and who is shown it. */
export interface Foreseen {
  readonly protocol: ProtocolId
  readonly stream: StreamScript
  readonly fault: Fault
  readonly client: keyof typeof spoken
  readonly isStreaming: boolean
  /** Whether it comes whole from its maker too, rather than as a stream that is made whole here. */
  readonly isInOnePiece: boolean
}

/** Tells from a stream alone what must come of it, by what a client would have seen when it breaks. */
export async function foresee({ protocol, stream, fault, ...asked }: Foreseen): Promise<Outcome> {
  const { client, isStreaming, isInOnePiece } = asked
  if (!('at' in fault)) return fault.type === 'sliced' ? 'answers' : 'makes-way'
  if (isInOnePiece) return fault.at === stream.events.length && isHarmlessAtEnd(fault) ? 'answers' : 'makes-way'
  const told = await toldBeforeFault(protocol, stream, fault)
  if (told.some(({ type }) => type === 'end')) return 'answers'
  const { server } = spoken[client]
  return isStreaming && told.some(event => server.isVisible(event)) ? 'fails-in-sight' : 'makes-way'
}

/* The bytes are all there, and who sends them says so. */
function isHarmlessAtEnd({ type }: Fault): boolean {
  return type === 'early-end' || type === 'half-event' || type === 'garbled'
}

async function toldBeforeFault(protocol: ProtocolId, stream: StreamScript, fault: Fault): Promise<ModelEvent[]> {
  const frames = framesIn({ events: eventsLeft(protocol, stream, fault) })
  const isCut = fault.type === 'reset' || fault.type === 'stall'
  const told: ModelEvent[] = []
  try {
    for await (const event of readers[protocol].decodeStream(isCut ? cutAfter(frames) : endAfter(frames)))
      told.push(event)
  } catch (failure) {
    if (!(failure instanceof ModelError)) throw failure
  }
  return told
}

async function* cutAfter(frames: readonly SseFrame[]): AsyncGenerator<SseFrame> {
  yield* frames
  throw new ModelError('unavailable', 'cut')
}

async function* endAfter(frames: readonly SseFrame[]): AsyncGenerator<SseFrame> {
  yield* frames
}

import type { GenerationEvent } from './messages.ts'

type Spoken = Extract<GenerationEvent, { type: 'text' | 'thinking' | 'call-arguments' }>

/* Long enough that events cost nothing beside their text, and short enough to be joined again and again. */
const mostBytesTogether = 16 * 1024

/** Says the same in fewer events: pieces of text that follow each other become one. */
export function joinEvents(events: readonly GenerationEvent[]): readonly GenerationEvent[] {
  const joined: GenerationEvent[] = []
  let group: Spoken[] = []
  let bytes = 0
  const close = (): void => {
    const [first] = group
    if (first) joined.push(group.length === 1 ? first : together(first, group))
    group = []
    bytes = 0
  }
  for (const event of events) {
    if (!isSpoken(event) || event.type !== group[0]?.type || bytes > mostBytesTogether) close()
    if (isSpoken(event)) group.push(event)
    else joined.push(event)
    bytes += bytesOf(event)
  }
  close()
  return joined
}

function isSpoken(event: GenerationEvent): event is Spoken {
  return event.type === 'text' || event.type === 'thinking' || event.type === 'call-arguments'
}

/* Joined this way, a text is one piece of memory; added up, it would be a chain of all its pieces. */
function together(first: Spoken, group: readonly Spoken[]): Spoken {
  const whole = group.map(spokenIn).join('')
  if (first.type === 'call-arguments') return { ...first, json: whole }
  if (first.type === 'thinking') return { ...first, text: whole }
  const logprobs = group.flatMap(event => (event.type === 'text' ? (event.logprobs ?? []) : []))
  const isMeasured = group.some(event => event.type === 'text' && event.logprobs !== undefined)
  return { ...first, text: whole, ...(isMeasured && { logprobs }) }
}

function spokenIn(event: Spoken): string {
  return event.type === 'call-arguments' ? event.json : event.text
}

const eventBytes = 128
const letterBytes = 2
const logprobBytes = 160

/** The memory that an event takes, about. */
export function bytesOf(event: GenerationEvent): number {
  if (!isSpoken(event)) return eventBytes
  const logprobs = event.type === 'text' ? (event.logprobs ?? []) : []
  const tokens = logprobs.reduce((sum, { top = [] }) => sum + 1 + top.length, 0)
  return eventBytes + spokenIn(event).length * letterBytes + tokens * logprobBytes
}

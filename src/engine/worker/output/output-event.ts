import type { JsonObject } from '../../../core/json.ts'

/** What a model's text says: words, reasoning, or calls of tools whose arguments come as pieces of JSON text. */
export type OutputEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'call-start'; readonly name: string }
  | { readonly type: 'call-arguments'; readonly json: string }
  | { readonly type: 'call-end' }

/** The schemas of the arguments, by the tool's name. */
export type ToolSchemas = ReadonlyMap<string, JsonObject>

/** The events of one call that is known as a whole. */
export function wholeCall(name: string, json: string): readonly OutputEvent[] {
  return [{ type: 'call-start', name }, { type: 'call-arguments', json }, { type: 'call-end' }]
}

/** Joins events of one kind that follow each other, and leaves out empty ones. */
export function joinEvents(events: readonly OutputEvent[]): readonly OutputEvent[] {
  const joined: OutputEvent[] = []
  for (const event of events) {
    const whole = joinTwo(joined.at(-1), event)
    if (whole) joined[joined.length - 1] = whole
    else if (!isEmpty(event)) joined.push(event)
  }
  return joined
}

function joinTwo(last: OutputEvent | undefined, next: OutputEvent): OutputEvent | undefined {
  if (last?.type === 'text' && next.type === 'text') return { type: 'text', text: last.text + next.text }
  if (last?.type === 'thinking' && next.type === 'thinking') return { type: 'thinking', text: last.text + next.text }
  if (last?.type === 'call-arguments' && next.type === 'call-arguments') {
    return { type: 'call-arguments', json: last.json + next.json }
  }
  return undefined
}

function isEmpty(event: OutputEvent): boolean {
  if (event.type === 'text' || event.type === 'thinking') return event.text === ''
  return event.type === 'call-arguments' && event.json === ''
}

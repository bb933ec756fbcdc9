import { ModelError } from '../../core/errors.ts'
import type { ModelEvent, ModelStream } from '../../core/events.ts'
import { objectIn, parseJson, stringIn } from '../json.ts'
import type { OpenStream, ReplyContext } from '../protocol.ts'
import type { SseFrame } from '../sse.ts'
import { ResponseWriter } from './response-writer.ts'

/** Opens one response, whose events are numbered whoever says them. */
export function openStream(context: ReplyContext): OpenStream {
  let writer = new ResponseWriter(context)
  let isPassed = false
  let isKnown = false
  return {
    get hasBegun() {
      return writer.hasBegun
    },
    encode: events => encodeEvents(events, writer),
    pass: bytes => {
      isPassed = true
      const text = new TextDecoder().decode(bytes)
      const head = isKnown ? undefined : headOf(text)
      if (head) {
        isKnown = true
        writer = new ResponseWriter({ ...context, ...head, echo: { ...context.echo, ...head.echo } })
        // It has begun, also where the other server numbers nothing.
        writer.continueAfter(0)
      }
      const number = lastNumberIn(text)
      if (number !== undefined) writer.continueAfter(number)
    },
    // The next number is the other server's.
    keepAlive: () => (isPassed ? [quietly] : writer.keepAlive().map(said => writer.number(said))),
    fail: error => writer.fail(error).map(said => writer.number(said)),
  }
}

/** Speaks an answer as events of a response. Throws `unavailable` for an answer that breaks off. */
export function encodeStream(events: ModelStream, context: ReplyContext): AsyncGenerator<SseFrame> {
  return encodeEvents(events, new ResponseWriter(context))
}

async function* encodeEvents(events: ModelStream, writer: ResponseWriter): AsyncGenerator<SseFrame> {
  for await (const event of events) {
    // `yield*` would make each frame pass through a promise of its own.
    for (const said of writer.write(event)) yield writer.number(said)
    if (event.type === 'end') return
  }
  throw new ModelError('unavailable', 'the answer broke off before its end')
}

/** A client could still be told of another answer while it has only seen that one begins. */
export function isVisible({ type }: ModelEvent): boolean {
  return type !== 'start' && type !== 'block-start' && type !== 'block-end'
}

/** What is sent while there is nothing to say. Comments would not tell every client that the answer is still coming. */
export const quietly: SseFrame = { event: 'keepalive', data: '{"type":"keepalive"}' }

function lastNumberIn(text: string): number | undefined {
  const found = [...text.matchAll(/"sequence_number":\s*(\d{1,9})/g)].at(-1)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Reads who another server says that it is, from the event with which its response begins. */
function headOf(text: string): Required<Pick<ReplyContext, 'responseId' | 'echo'>> | undefined {
  const data = /^data: ?(\{.*)$/m.exec(text)?.[1] ?? '{}'
  const echo = objectIn(objectIn(parseJson(data, 'unavailable'))?.['response'])
  const responseId = stringIn(echo?.['id'])
  return echo && responseId !== undefined ? { responseId, echo } : undefined
}

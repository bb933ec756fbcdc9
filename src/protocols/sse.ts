import { createParser } from 'eventsource-parser'
import { ModelError } from '../core/errors.ts'

/** One server-sent event. A frame with only a `comment` keeps a connection alive and means nothing. */
export type SseFrame = { readonly event?: string; readonly data: string } | { readonly comment: string }

const lineBreak = /[\r\n\0]/

/**
 * Writes one frame as server-sent-event text (WHATWG HTML, section 9.2).
 * Throws a `RangeError` for a field that would break out of its line.
 */
export function formatSse(frame: SseFrame): string {
  if ('comment' in frame) return `: ${oneLine(frame.comment)}\n\n`
  const data = `data: ${oneLine(frame.data)}\n\n`
  return frame.event === undefined ? data : `event: ${oneLine(frame.event)}\n${data}`
}

function oneLine(field: string): string {
  if (lineBreak.test(field)) throw new RangeError('a server-sent-event field must not contain a line break or NUL')
  return field
}

/**
 * How long the name and the data of one event may be together, in UTF-16 units. The last event of a Responses stream
 * repeats the whole answer, with the images in it.
 */
export const maxEventLength: number = 8 * 1024 * 1024

// The parser counts the `data: ` of an unfinished line too.
const maxBufferLength = maxEventLength + 16

/**
 * Reads server-sent events from bytes, however they are cut. Comments are skipped; an event that lacks its final
 * blank line counts. Throws `unavailable` for an event that is too long, after giving those before it.
 */
export async function* decodeSse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SseFrame> {
  let frames: SseFrame[] = []
  let isTooLong = false
  const parser = createParser({
    maxBufferSize: maxBufferLength,
    onEvent: ({ event, data }) => {
      if (data.length + (event?.length ?? 0) > maxEventLength) isTooLong = true
      if (!isTooLong) frames.push(event === undefined ? { data } : { event, data })
    },
    onError: error => {
      if (error.type === 'max-buffer-size-exceeded') isTooLong = true
    },
  })
  function* read(text: string): Generator<SseFrame> {
    parser.feed(text)
    yield* frames
    frames = []
    if (isTooLong)
      throw new ModelError('unavailable', `the upstream sent an event of more than ${maxEventLength} characters`)
  }
  // The parser strips the byte order mark; stripped here as well, a second one would be lost.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for await (const chunk of chunks) yield* read(decoder.decode(chunk, { stream: true }))
  yield* read(`${decoder.decode()}\n\n`)
}

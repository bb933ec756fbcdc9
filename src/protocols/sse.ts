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

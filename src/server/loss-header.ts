import type { Exchange } from './exchange.ts'
import { toHeaderText } from './header-text.ts'

const lossesTold = 20
/** A field may hold a name of the client's choice, as a keyword of a schema is. */
const lettersTold = 200

/**
 * Names in a header what of the request the answering model was not told, before the headers go out.
 * An answer that begins only after them leaves its losses to the log.
 */
export function tellLosses({ response, trace }: Exchange): void {
  if (response.headersSent || !trace.losses || trace.losses.length === 0) return
  const told = trace.losses.slice(0, lossesTold).map(({ field, action }) => `${field.slice(0, lettersTold)} ${action}`)
  response.setHeader('x-duologue-losses', toHeaderText(told.join(', ')))
}

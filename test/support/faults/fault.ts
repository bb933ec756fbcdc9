import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProtocolId } from '../../../src/core/extras.ts'
import type { Script, StreamScript, WholeScript } from '../scripted-upstream.ts'

/** What goes wrong at an event of a stream, or at the same share of an answer that comes whole. */
export const faultsAtEvents = ['reset', 'stall', 'early-end', 'half-event', 'error-event', 'garbled'] as const

/** What goes wrong with an answer as a whole. A slice is no fault: the bytes come one at a time. */
export const faultsOfAll = ['rate-limited', 'failed', 'fails-silently', 'overloaded', 'sliced'] as const

/** Something that goes wrong at an upstream. */
export type Fault =
  | { readonly type: (typeof faultsAtEvents)[number]; readonly at: number }
  | { readonly type: (typeof faultsOfAll)[number] }

const statuses: Readonly<Record<Exclude<(typeof faultsOfAll)[number], 'sliced'>, Script>> = {
  'rate-limited': { status: 429, headers: { 'retry-after': '30' }, body: { error: { message: 'slow down' } } },
  failed: { status: 500, body: '<html>Internal Server Error</html>' },
  'fails-silently': response => {
    response.writeHead(500, { 'content-type': 'application/json' }).write('{"error":{"mess')
  },
  overloaded: { status: 529, body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
}

/* How each maker tells within a stream that it is overloaded. */
const overloaded: Readonly<Record<ProtocolId, string>> = {
  'anthropic-messages': '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
  'openai-chat': '{"error":{"message":"Overloaded","type":"overloaded","code":529}}',
  'openai-responses':
    '{"type":"error","code":"server_is_overloaded","message":"Overloaded","param":null,"sequence_number":1}',
}

/* It is cut within a word, as by a proxy that gives up. */
const garbage = '{"type":"me'

/** The events of a stream that a fault leaves. */
export function eventsLeft(protocol: ProtocolId, { events }: StreamScript, fault: Fault): readonly string[] {
  if (!('at' in fault)) return fault.type === 'sliced' ? events : []
  const before = events.slice(0, fault.at)
  if (fault.type === 'error-event') return [...before, overloaded[protocol]]
  if (fault.at === events.length) return before
  if (fault.type === 'half-event') return [...before, garbage]
  // A comment is written as it is.
  const said = events[fault.at]?.startsWith(':') === true ? [events[fault.at] ?? ''] : [garbage]
  return fault.type === 'garbled' ? [...before, ...said, ...events.slice(fault.at + 1)] : before
}

/** What an upstream sends of a stream in which something goes wrong. */
export function faultyStream(protocol: ProtocolId, stream: StreamScript, fault: Fault): Script {
  if (fault.type === 'sliced') return { ...stream, bytesAtOnce: 1 }
  if (!('at' in fault)) return statuses[fault.type]
  const { at } = fault
  // Also what breaks comes in pieces of any size.
  const cut = at % 2 === 1 ? { ...stream, bytesAtOnce: 7 } : stream
  switch (fault.type) {
    case 'reset':
      return { ...cut, resetAt: at }
    case 'stall':
      return { ...cut, stallAt: at }
    case 'garbled':
      return { ...cut, garbledAt: { event: at, data: garbage } }
    case 'half-event':
      return { ...cut, halfAt: at }
    case 'early-end':
    case 'error-event':
      return { ...cut, events: eventsLeft(protocol, stream, fault) }
  }
}

/** What an upstream sends of a whole answer in which something goes wrong, at the same share of it as in a stream. */
export function faultyWhole(whole: WholeScript, fault: Fault, { events }: StreamScript): Script {
  if (fault.type === 'sliced') return response => writeCut(response, JSON.stringify(whole.body), 1)
  if (!('at' in fault)) return statuses[fault.type]
  const text = JSON.stringify(whole.body)
  const part = text.slice(0, Math.floor((text.length * fault.at) / events.length))
  switch (fault.type) {
    case 'garbled':
      return { body: part === text ? text : `${part}\u0000${text.slice(part.length)}` }
    case 'error-event':
      return { body: { error: { type: 'overloaded_error', message: 'Overloaded', code: 529 } } }
    case 'early-end':
    case 'half-event':
    case 'stall':
    case 'reset':
      return async response => {
        await writeCut(response, part, 64)
        if (fault.type === 'early-end' || fault.type === 'half-event') response.end()
        else if (fault.type === 'reset') {
          // What is written before must have left, or the cut would swallow it.
          await delay(5)
          response.socket?.resetAndDestroy()
        }
      }
  }
}

async function writeCut(response: ServerResponse, text: string, lettersAtOnce: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  for (let at = 0; at < text.length && !response.destroyed; at += lettersAtOnce) {
    response.write(text.slice(at, at + lettersAtOnce))
    await new Promise(resolve => setImmediate(resolve))
  }
  if (lettersAtOnce === 1) response.end()
}

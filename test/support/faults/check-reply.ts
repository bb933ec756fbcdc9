import { decodeSse } from '../../../src/protocols/sse.ts'
import type { SseFrame } from '../../../src/protocols/sse.ts'
import { checkAnthropicStream } from '../anthropic-grammar.ts'
import { checkChatStream } from '../chat-grammar.ts'
import { readAll } from '../read-all.ts'
import { checkResponsesStream } from '../responses-grammar.ts'
import type { spoken } from '../speaking.ts'

type Client = keyof typeof spoken

/** A reply as a client got it. */
export interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** How a reply ended: with the one end of an answer, with one error, or in a way that no reply may. */
export interface Ending {
  readonly type: 'answered' | 'failed-in-stream' | 'refused'
  readonly faults: readonly string[]
}

const checks = {
  'anthropic-messages': checkAnthropicStream,
  'openai-chat': checkChatStream,
  'openai-responses': checkResponsesStream,
}

/** Gives how a reply ended, and what is wrong with it. `isRelayed` says that another server wrote its stream. */
export async function checkReply(client: Client, got: Got, isRelayed: boolean): Promise<Ending> {
  if (got.status !== 200) return { type: 'refused', faults: checkRefusal(client, got) }
  if (!got.headers.get('content-type')?.startsWith('text/event-stream')) return { type: 'answered', faults: [] }
  const frames = await readAll(decodeSse(inOnePiece(got.text)))
  const counts = count(frames)
  const { starts, ends, errors } = counts
  const type = errors > 0 ? 'failed-in-stream' : 'answered'
  const isOne = starts <= 1 && ends + errors === 1 && (ends === 0 || starts === 1)
  const faults = [...(isOne ? [] : [JSON.stringify(counts)]), ...checkLast(frames)]
  return { type, faults: isRelayed ? faults : [...faults, ...checks[client](frames)] }
}

async function* inOnePiece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

function count(frames: readonly SseFrame[]) {
  const datas = frames.flatMap(frame => ('data' in frame ? [frame.data] : []))
  // Chat has no event that begins an answer; a first chunk in our own words is the grammar's matter.
  const isChat = datas.some(data => data.includes('"chat.completion.chunk"'))
  return {
    starts: isChat ? 1 : datas.filter(data => begins.test(data)).length,
    ends: datas.filter(data => data === '[DONE]' || ends.test(data)).length,
    errors: datas.filter(isError).length,
  }
}

const begins = /^\{"type": ?"(message_start|response\.created)"/
const ends = /^\{"type": ?"(message_stop|response\.(completed|incomplete))"/

function isError(data: string): boolean {
  if (data === '[DONE]') return false
  const event = JSON.parse(data) as { readonly type?: string }
  return 'error' in event || event.type === 'response.failed'
}

function checkLast(frames: readonly SseFrame[]): readonly string[] {
  const last = frames.findIndex(frame => 'data' in frame && isError(frame.data))
  return last === -1 || last === frames.length - 1 ? [] : ['something follows the error']
}

function checkRefusal(client: Client, { status, text }: Got): readonly string[] {
  const { type, error } = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, unknown>> | string>>
  const isOwn = client === 'anthropic-messages' ? type === 'error' : type === undefined
  const told = typeof error === 'object' ? error : {}
  const isTold = typeof told['message'] === 'string' && typeof told['type'] === 'string'
  return isOwn && isTold && status >= 400 ? [] : [`${status} ${text}`]
}

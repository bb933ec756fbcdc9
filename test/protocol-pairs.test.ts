import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { collect } from '../src/core/collect.ts'
import { ModelError } from '../src/core/errors.ts'
import type { JsonObject } from '../src/core/json.ts'
import type { Message, ModelRequest } from '../src/core/request.ts'
import { anthropicMessages } from '../src/protocols/anthropic-messages/index.ts'
import { openaiChat } from '../src/protocols/openai-chat/index.ts'
import { openaiResponses } from '../src/protocols/openai-responses/index.ts'
import type { ClientCodec, Protocol, ReplyContext } from '../src/protocols/protocol.ts'
import type { SseFrame } from '../src/protocols/sse.ts'
import { checkAnthropicStream } from './support/anthropic-grammar.ts'
import { checkChatStream } from './support/chat-grammar.ts'
import { play } from './support/play.ts'
import { checkResponsesStream } from './support/responses-grammar.ts'

const { echo = {} } = openaiResponses.server.decodeRequest({ model: 'm', input: 'Hi' }, {})
const context: ReplyContext = { responseId: 'id_1', requestId: 'req_1', created: 7, includesUsage: true, echo }

const clients = [
  { protocol: anthropicMessages, check: checkAnthropicStream },
  { protocol: openaiChat, check: checkChatStream },
  { protocol: openaiResponses, check: checkResponsesStream },
]

const backends = [anthropicMessages, openaiChat, openaiResponses]

async function fixturesOf(id: string): Promise<readonly (readonly [string, readonly SseFrame[]])[]> {
  const folder = new URL(`fixtures/${id}/`, import.meta.url)
  const files = (await readdir(folder)).filter(file => file.endsWith('.chunks.txt'))
  return Promise.all(
    files.map(async file => {
      const text = await readFile(new URL(file, folder), 'utf8')
      const lines = text.split('\n').filter(line => line !== '')
      return [file, lines.map(line => (line.startsWith(':') ? { comment: 'x' } : { data: line }))] as const
    }),
  )
}

/** Speaks an upstream's stream to a client, and tells of a failure as the server does. */
async function translate(backend: ClientCodec, { server }: Protocol, frames: readonly SseFrame[]) {
  const spoken: SseFrame[] = []
  const { encode, fail } = server.openStream?.(context) ?? {
    encode: events => server.encodeStream(events, context),
    fail: error => [server.encodeStreamError(error, context.requestId)],
  }
  try {
    for await (const frame of encode(backend.decodeStream(play(frames)))) spoken.push(frame)
  } catch (failure) {
    if (!(failure instanceof ModelError)) throw failure
    spoken.push(...fail(failure))
  }
  return spoken
}

const cells = backends.flatMap(backend => clients.map(client => ({ backend, client })))

describe.each(cells)('an answer of $backend.id for a client of $client.protocol.id', ({ backend, client }) => {
  test('is in the grammar of the client, whole, failed or broken off anywhere', async () => {
    let checked = 0
    for (const [file, frames] of await fixturesOf(backend.id)) {
      for (let length = 1; length <= frames.length; length += 1) {
        const spoken = await translate(backend.client, client.protocol, frames.slice(0, length))
        // What fails before its first word is told as a plain error, outside any stream.
        if (spoken.length < 2) continue
        expect([file, length, client.check(spoken)]).toEqual([file, length, []])
        checked += 1
      }
    }
    expect(checked).toBeGreaterThan(40)
  })
})

describe('reasoning', () => {
  test('of a Responses upstream comes back to it through a Messages client, and reaches no other maker', async () => {
    const fixture = (await fixturesOf('openai-responses')).find(([file]) => file.startsWith('openai-reasoning'))
    const spoken = await translate(openaiResponses.client, anthropicMessages, fixture?.[1] ?? [])
    const turn = await asTurn(spoken)
    const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Add.' }, turn, answer] }
    const { request } = anthropicMessages.server.decodeRequest(JSON.parse(JSON.stringify(body)), {})
    expect(sentBack(openaiResponses.client, request, 'input')).toMatchObject([
      { type: 'message' },
      {
        type: 'reasoning',
        id: 'rs_0d1',
        encrypted_content: 'gAAAAAB0opaque==',
        summary: [{ text: '**Counting** three.\n\n**Adding** four.' }],
      },
      { type: 'message', content: 'Let me look.' },
      { type: 'function_call', call_id: 'call_C3' },
      { type: 'function_call_output', call_id: 'call_C3' },
    ])
    for (const { client } of [anthropicMessages, openaiChat]) {
      expect(JSON.stringify(sentBack(client, request, 'messages'))).not.toMatch(/Counting|gAAAAAB0opaque|rs_0d1/)
    }
  })

  test.each<[maker: string, signature: string]>([
    ['this machine', 'duologue.1.c2ln'],
    ['Anthropic', 'EqQBCkYIBxgCKkD'],
  ])('signed by %s never reaches an OpenAI upstream', (_, signature) => {
    const messages: readonly Message[] = [
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', text: 'Secretly', signature },
          { type: 'text', text: 'Hello' },
        ],
      },
    ]
    const request: ModelRequest = { model: 'm', system: [], messages }
    for (const { client } of [openaiChat, openaiResponses]) {
      const { body, losses } = client.encodeRequest({ request, isStreaming: false })
      expect(JSON.stringify(body)).not.toContain('Secretly')
      expect(losses).toContainEqual(expect.objectContaining({ field: 'messages.1.content.0', action: 'dropped' }))
    }
  })
})

const answer = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_C3', content: '7' }] }

/** Gives an answer as an Anthropic client sends it back. */
async function asTurn(frames: readonly SseFrame[]): Promise<JsonObject> {
  const whole = await collect(anthropicMessages.client.decodeStream(play(frames)))
  const message = anthropicMessages.server.encodeAnswer(whole, context)
  return { role: 'assistant', content: message['content'] ?? [] }
}

function sentBack(client: ClientCodec, request: ModelRequest, field: string): unknown {
  return client.encodeRequest({ request, isStreaming: false }).body[field]
}

import { describe, expect, test } from 'vitest'
import { ModelError } from '../../src/core/errors.ts'
import type { ProtocolId } from '../../src/core/extras.ts'
import { kinds } from '../../src/providers/registry.ts'
import { checkAnthropicStream } from '../support/anthropic-grammar.ts'
import {
  anthropicAsking,
  bodies,
  chatAsking,
  learntOf,
  paths,
  responsesAsking,
  streaming,
} from '../support/ask-anything.ts'
import { checkChatStream } from '../support/chat-grammar.ts'
import { checkResponsesStream } from '../support/responses-grammar.ts'
import { keptStream, keptStreams, play, startUpstream } from '../support/scripted-upstream.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { anthropicKinds } from '../support/sdk-clients.ts'
import { serveProviders } from '../support/serve-providers.ts'
import { askedOf, inOnePiece, meaning, wire } from '../support/speaking.ts'
import { framesOf } from '../support/stream-frames.ts'

/*
 * Every kept stream of every provider, through the whole server, to every client: by the official clients, and by the
 * grammar of what is on the wire.
 */

const protocols: readonly ProtocolId[] = ['anthropic-messages', 'openai-chat', 'openai-responses']

const kept = (
  await Promise.all(protocols.map(async protocol => (await keptStreams(protocol)).map(name => ({ protocol, name }))))
).flat()

const clients = protocols

const checks = {
  'anthropic-messages': checkAnthropicStream,
  'openai-chat': checkChatStream,
  'openai-responses': checkResponsesStream,
}

const askings = [
  ...anthropicKinds.flatMap(kind => [anthropicAsking(kind, true), anthropicAsking(kind, false)]),
  chatAsking(true),
  chatAsking(false),
  responsesAsking(true),
  responsesAsking(false),
]

/** The kind that a stream is of; those of others are played by a server that is merely compatible. */
function kindOf({ protocol, name }: (typeof kept)[number]) {
  const speaks = kinds.filter(({ dialects }) => dialects.some(spoken => spoken.protocol === protocol))
  const common = protocol === 'anthropic-messages' ? 'anthropic-compatible' : 'openai-compatible'
  const own = speaks.find(({ id }) => name.startsWith(id))
  const kind = own ?? speaks.find(({ id }) => id === common)
  if (!kind) throw new Error(`nobody speaks ${protocol}`)
  const isRelayed = kind.dialects.some(spoken => spoken.protocol === protocol && spoken.isRelayed === true)
  return { kind: kind.id, isRelayed }
}

async function serve(at: (typeof kept)[number]) {
  const { protocol } = at
  const stream = await keptStream(protocol, at.name)
  const whole = await inOnePiece(protocol, stream)
  const script: Script = (response, request) => play(askedOf(request).isStreaming ? stream : whole, response, request)
  const upstream = await startUpstream(script)
  const { kind, isRelayed } = kindOf(at)
  const served = await serveProviders({
    providers: { there: { kind, url: upstream.origin, protocol, isLocal: false } },
    rules: [{ name: 'all', match: {}, targets: [{ provider: 'there', retries: 0 }] }],
  })
  const close = async () => {
    await served[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  }
  return { url: served.url, stream, isRelayed, [Symbol.asyncDispose]: close }
}

async function streamed(url: string, client: (typeof clients)[number]): Promise<Response> {
  const body = JSON.stringify({ ...bodies[client], model: 'm', ...streaming(client) })
  return fetch(url + paths[client], { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

describe.each(kept)('$name of $protocol', at => {
  test('is in the grammar of every client, or goes through as it is', async () => {
    await using there = await serve(at)
    for (const client of clients) expect([client, await faultsOf(client, at.protocol, there)]).toEqual([client, []])
  })

  test('is understood by every official client, as a stream and whole', async () => {
    await using there = await serve(at)
    const answer = await meaning(at.protocol, there.stream)
    for (const { name, ask } of askings) {
      // A target that failed often would rest; each client asks for a model of its own.
      const asked = ask(there.url, name)
      if (answer instanceof ModelError) await expect(asked).rejects.toThrow(/the (answer of the )?upstream/)
      else expect({ name, learnt: await asked }).toEqual({ name, learnt: learntOf(answer) })
    }
  })
})

type Served = Pick<Awaited<ReturnType<typeof serve>>, 'url' | 'stream' | 'isRelayed'>

async function faultsOf(client: (typeof clients)[number], protocol: ProtocolId, { url, stream, isRelayed }: Served) {
  const answer = await meaning(protocol, stream)
  const reply = await streamed(url, client)
  if (reply.status !== 200) {
    expect(answer).toBeInstanceOf(ModelError)
    expect(await reply.json()).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } })
    return []
  }
  if (!isRelayed || client !== protocol) return checks[client](await framesOf(reply))
  const text = await reply.text()
  if (!(answer instanceof ModelError)) return wire(stream) === text ? [] : [text]
  const end = text.trimEnd().lastIndexOf('\n\n') + 2
  const isTold = text.slice(end).includes(`"message":${JSON.stringify(answer.message)}`)
  return isTold && wire(stream).startsWith(text.slice(0, end)) ? [] : [text]
}

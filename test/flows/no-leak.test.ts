import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { bodies, paths } from '../support/ask-anything.ts'
import { ask } from '../support/http-client.ts'
import { keptStream, startUpstream } from '../support/scripted-upstream.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { providerKey, serveProviders } from '../support/serve-providers.ts'

/*
 * Upstreams that put into their failures all that they were sent: none of it is told to a client or to the log, neither
 * the key of the provider nor what was asked. The client's key never even reaches them.
 */

const marker = 'prompt-marker-c40e'
const clientKey = 'client-key-c40e'

const clients = Object.keys(paths) as readonly (keyof typeof paths)[]

const backends = [
  { kind: 'anthropic', protocol: 'anthropic-messages', kept: 'anthropic-text.1' },
  { kind: 'openai', protocol: 'openai-chat', kept: 'openai-text.1' },
  { kind: 'openai', protocol: 'openai-responses', kept: 'openai-text.1' },
] as const

const echo = `${providerKey} ${marker} Bearer ${providerKey}`

const error = { message: echo, type: echo, code: echo, param: echo }

/** What an upstream says that tells all, in each way in which it can fail. */
async function failures({ protocol, kept }: (typeof backends)[number]): Promise<readonly Script[]> {
  const { events, isNamed = false } = await keptStream(protocol, kept)
  const refusals = [400, 401, 403, 404, 413, 429, 500, 529].map(status => ({
    status,
    headers: { 'x-echo': echo, 'retry-after': echo },
    body: { type: 'error', error },
  }))
  const streams = [1, 2, events.length - 1].flatMap(at => [
    { events: [...events.slice(0, at), JSON.stringify({ type: 'error', error, message: echo, code: echo })], isNamed },
    { events, isNamed, garbledAt: { event: at, data: `{"${echo}` } },
  ])
  const others: readonly Script[] = [
    { body: echo },
    { body: { [echo]: echo } },
    { headers: { 'content-type': echo }, body: echo },
    { status: 302, headers: { location: `http://127.0.0.1:9/${marker}` } },
    response => response.socket?.end(`HTTP/1.1 ${echo}\r\n\r\n`),
  ]
  return [...refusals, ...streams, ...others]
}

function askingFor(client: (typeof clients)[number], stream: boolean) {
  const messages = [{ role: 'user', content: marker }]
  const said = client === 'openai-responses' ? { input: messages } : { messages }
  return {
    method: 'POST',
    path: paths[client],
    headers: { authorization: `Bearer ${clientKey}`, cookie: clientKey, 'x-forwarded-for': clientKey },
    body: { ...bodies[client], model: 'm', stream, ...said },
  }
}

describe.each(backends)('an upstream of $protocol that tells all it was sent', backend => {
  test.each(clients)('is not repeated to a client of %s, nor to the log', async client => {
    for (const script of await failures(backend)) {
      await using upstream = await startUpstream(script)
      await using served = await serveProviders({
        providers: { there: { kind: backend.kind, protocol: backend.protocol, url: upstream.origin } },
        rules: [{ name: 'all', match: {}, targets: [{ provider: 'there', retries: 0 }] }],
        keys: [{ name: 'one', key: new Secret(clientKey) }],
      })
      const told: string[] = []
      for (const stream of [true, false]) {
        const { status, headers, text } = await ask(served.port, askingFor(client, stream))
        expect(status === 200 ? text : '"error"').toContain('"error"')
        told.push(text, JSON.stringify(headers))
      }
      for (const secret of [providerKey, marker, clientKey]) {
        expect(told.join('\n')).not.toContain(secret)
        expect(served.logText()).not.toContain(secret)
      }
      const seen = JSON.stringify(upstream.seen)
      expect(seen).toContain(marker)
      expect(seen).not.toContain(clientKey)
    }
  })
})

import { expect, test } from 'vitest'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { askRoute } from '../../src/server/ask-route.ts'
import { openEngine } from '../support/engine.ts'
import { post } from '../support/http-client.ts'
import { keptStream, startUpstream } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'

const files = useTinyModel()

/** About 900 tokens of the tiny model, which knows no words, and that no other text begins with. */
const novel = (name: string): string => `${name} ${'abcdefgh '.repeat(100)}`

function helped(mostWaitMs: number): RouteRule {
  const targets = [{ provider: 'local' }, { provider: 'cloud' }]
  return { name: 'helped', match: { model: { type: 'exact', text: 'tiny' } }, targets, mostWaitMs }
}

test('a prompt that would take too long to read goes elsewhere, and one that is mostly read already stays', async () => {
  const { engine } = openEngine({ tiny: files.tiny }, { preferences: { contextTokens: 2048, batchTokens: 256 } })
  await using upstream = await startUpstream(await keptStream('openai-responses', 'openai-text.1'))
  const cloud = { kind: 'openai', protocol: 'openai-responses', url: upstream.origin } as const
  const serve = (mostWaitMs: number) =>
    serveProviders({
      providers: { cloud },
      rules: [helped(mostWaitMs)],
      here: { tiny: { backend: engine } },
    })
  try {
    await engine.load('tiny')
    await using patient = await serve(60_000)
    const asks = (port: number, path: string, ...turns: readonly string[]) => {
      const messages = turns.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }))
      return post(port, path, { model: 'tiny', max_tokens: 8, messages })
    }
    const first = await asks(patient.port, '/v1/messages', novel('one'))
    expect(first.headers['x-duologue-target']).toBe('local/tiny')
    // What the child measured is in the engine's status, and what rules see.
    const [status] = engine.status()
    expect(status?.promptTokensPerSecond).toBeGreaterThan(0)
    expect(engine.outlook?.('tiny')?.promptTokensPerSecond).toBe(status?.promptTokensPerSecond)

    // A tenth of what the same prompt takes to be read, however fast this machine is.
    const { promptTokens } = (await asks(patient.port, '/duologue/explain/route/v1/messages', novel('one'))).json
    const limitMs = (promptTokens * 100) / (status?.promptTokensPerSecond ?? 0)
    await using hasty = await serve(limitMs)
    const fresh = await asks(hasty.port, '/v1/messages', novel('two'))
    expect(fresh).toMatchObject({ status: 200, headers: { 'x-duologue-target': 'cloud/tiny' } })
    const request = { model: 'tiny', messages: [{ role: 'user', content: novel('two') }] }
    const question = { protocol: 'anthropic-messages', request, headers: {} } as const
    const { steps } = await askRoute(question, { url: hasty.url }, AbortSignal.timeout(5000))
    expect(steps).toContainEqual({
      about: 'target',
      name: 'local/tiny',
      verdict: 'moved-back',
      why: expect.stringMatching(/^the first token is estimated after \d+ ms, more than .* at \d+ in a second$/),
    })
    const goesOn = await asks(hasty.port, '/v1/messages', novel('one'), first.json.content[0].text, 'On')
    expect(goesOn).toMatchObject({ status: 200, headers: { 'x-duologue-target': 'local/tiny' } })
    expect(upstream.seen).toHaveLength(1)
  } finally {
    await engine.close()
  }
})

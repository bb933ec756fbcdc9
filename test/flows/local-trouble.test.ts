import { describe, expect, test } from 'vitest'
import type { Backend, Outlook } from '../../src/core/backend.ts'
import { ModelError } from '../../src/core/errors.ts'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { bodies, paths } from '../support/ask-anything.ts'
import { ask } from '../support/http-client.ts'
import { begins, says, scripted, text } from '../support/scripted-backend.ts'
import type { Step } from '../support/scripted-backend.ts'
import { keptStream, startUpstream } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'

/* A model that is here and cannot answer: the cloud behind it does where the rules allow that, and nowhere else. */

interface Trouble {
  readonly name: string
  /** Absent where no such model is here. */
  readonly backend?: Backend
  /** What a client is told where the cloud is forbidden; an answer, where the model gives one after all. */
  readonly status: number
}

function model(steps: readonly Step[], outlook: Outlook = {}): Backend {
  return { ...scripted({ name: 'engine', steps }), outlook: () => outlook }
}

function fails(
  kind: ConstructorParameters<typeof ModelError>[0],
  options: { readonly code?: 'context-length-exceeded' } = {},
) {
  return { fail: new ModelError(kind, 'the model cannot answer', options) }
}

const home = says('home')

const troubles: readonly Trouble[] = [
  { name: 'missing', status: 403 },
  { name: 'absent on disk', backend: model([fails('not-found')], { state: 'absent' }), status: 404 },
  { name: 'still loading', backend: model(home, { state: 'loading' }), status: 200 },
  { name: 'crashed', backend: model([fails('unavailable')]), status: 503 },
  { name: 'known to be down', backend: model([fails('unavailable')], { state: 'unavailable' }), status: 503 },
  {
    name: 'crashed in the middle of what no client saw',
    backend: model([...begins(), fails('unavailable')]),
    status: 503,
  },
  { name: 'overloaded', backend: model([fails('overloaded')]), status: 529 },
  { name: 'slow to take its turn', backend: model(home, { estimatedWaitMs: 60_000 }), status: 200 },
  { name: 'too small', backend: model([fails('invalid-request', { code: 'context-length-exceeded' })]), status: 400 },
  { name: 'known to be too small', backend: model(home, { contextTokens: 2 }), status: 200 },
]

const helped: RouteRule = {
  name: 'helped',
  match: { model: { type: 'exact', text: 'qwen' } },
  targets: [{ provider: 'local' }, { provider: 'cloud' }],
  mostWaitMs: 1000,
}

const clients = Object.keys(paths) as readonly (keyof typeof paths)[]

async function served({ backend }: Pick<Trouble, 'backend'>, rules: readonly RouteRule[]) {
  const upstream = await startUpstream(await keptStream('openai-responses', 'openai-text.1'))
  const server = await serveProviders({
    providers: { cloud: { kind: 'openai', protocol: 'openai-responses', url: upstream.origin } },
    rules,
    here: backend ? { qwen: { backend } } : {},
  })
  const close = async () => {
    await server[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  }
  return { port: server.port, upstream, [Symbol.asyncDispose]: close }
}

interface Asked {
  readonly client: (typeof clients)[number]
  readonly stream: boolean
  readonly headers?: Readonly<Record<string, string>>
}

function asked(port: number, { client, stream, headers = {} }: Asked) {
  // What is to be stored is never passed on as it came.
  const stored = client === 'openai-responses' && { store: true }
  const body = { ...bodies[client], ...stored, model: 'qwen', stream }
  return ask(port, { method: 'POST', path: paths[client], headers, body })
}

describe.each(troubles)('a local model that is $name', trouble => {
  test('is helped out by the cloud where the rules allow it', async () => {
    await using there = await served(trouble, [helped])
    for (const client of clients) {
      for (const stream of [true, false]) {
        const reply = await asked(there.port, { client, stream })
        expect(reply).toMatchObject({ status: 200, headers: { 'x-duologue-target': 'cloud/qwen' } })
      }
    }
    expect(there.upstream.seen).toHaveLength(2 * clients.length)
  })

  test('is not helped out where the request must stay, or no rule leads away', async () => {
    const strict = { 'x-duologue-local-only': 'yes' }
    const ways = [
      { rules: [helped], headers: strict },
      { rules: [{ ...helped, isLocalOnly: true }], headers: {} },
      { rules: [{ ...helped, targets: [{ provider: 'local' }] }], headers: {} },
    ]
    for (const { rules, headers } of ways) {
      await using there = await served(trouble, rules)
      for (const client of clients) {
        const { status } = await asked(there.port, { client, stream: true, headers })
        expect(status).toBe(statusFor(trouble, client, rules))
      }
      expect([there.upstream.everConnected, there.upstream.receivedBytes]).toEqual([0, 0])
    }
  })
})

/* OpenAI's clients are told of what is full in another number; and what no rule leads anywhere is not forbidden. */
function statusFor({ status }: Trouble, client: (typeof clients)[number], [rule]: readonly RouteRule[]): number {
  if (status === 403 && rule?.targets.length === 1) return 404
  return status === 529 && client !== 'anthropic-messages' ? 429 : status
}

test('a local model that crashes in the sight of its client is not continued by the cloud', async () => {
  const backend = model([...begins(), text('half'), fails('unavailable')])
  await using there = await served({ backend }, [helped])
  for (const client of clients) {
    const { text: told } = await asked(there.port, { client, stream: true })
    expect(told).toContain('half')
    expect(told).toContain('the model cannot answer')
  }
  expect(there.upstream.everConnected).toBe(0)
})

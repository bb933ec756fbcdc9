import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { collectAll } from '../../src/core/collect.ts'
import type { ProtocolId } from '../../src/core/extras.ts'
import { kinds } from '../../src/providers/registry.ts'
import { eventFaults } from '../support/event-grammar.ts'
import { keptStream, keptStreams, startUpstream } from '../support/scripted-upstream.ts'
import { canary, never, provide, request, tell } from './ask.ts'

const protocols: readonly ProtocolId[] = ['anthropic-messages', 'openai-chat', 'openai-responses']

const kept = (
  await Promise.all(protocols.map(async protocol => (await keptStreams(protocol)).map(name => ({ protocol, name }))))
).flat()

/** The kind that a stream is of; those of others are played by a server that is merely compatible. */
function kindOf({ protocol, name }: (typeof kept)[number]): string {
  const own = kinds.find(
    ({ id, dialects }) => name.startsWith(id) && dialects.some(spoken => spoken.protocol === protocol),
  )
  return own?.id ?? (protocol === 'anthropic-messages' ? 'anthropic-compatible' : 'openai-compatible')
}

async function answer(at: (typeof kept)[number], script: Readonly<Record<string, unknown>> = {}) {
  await using upstream = await startUpstream({ ...(await keptStream(at.protocol, at.name)), ...script })
  const { backend } = provide({ kind: kindOf(at), url: upstream.origin, protocol: at.protocol, isLocal: false })
  return await tell(backend.stream({ ...request, model: at.name }, never))
}

describe.each(kept)('$protocol of $name', at => {
  test('is told in the grammar, and the same when it comes byte by byte', async () => {
    const told = await answer(at)
    expect(eventFaults(told.events, { isWhole: told.failure === undefined })).toEqual([])
    expect(told.events.length + (told.failure === undefined ? 0 : 1)).toBeGreaterThan(0)
    expect(await answer(at, { bytesAtOnce: 7, lineEnd: '\r\n' })).toEqual(told)
  })

  test('that is cut off at any event is told up to there and then fails, or is whole', async () => {
    const { events } = await keptStream(at.protocol, at.name)
    const whole = await answer(at)
    for (let resetAt = 0; resetAt <= events.length; resetAt += Math.ceil(events.length / 6)) {
      const { events, failure } = await answer(at, { resetAt })
      expect(events).toEqual(whole.events.slice(0, events.length))
      if (failure === undefined) expect(events.at(-1)?.type).toBe('end')
      else expect(failure).toMatchObject({ name: 'ModelError' })
    }
  })
})

test.each([
  // The counts at the end include what the search told the model; the search itself is the upstream's business.
  {
    protocol: 'anthropic-messages',
    name: 'anthropic-web-search.1',
    written: ['I looked it up. ', 'It is high at noon.'],
    usage: { inputTokens: 9120, outputTokens: 88 },
  },
  {
    protocol: 'openai-chat',
    name: 'openai-padded-tool.1',
    written: ['{"city":"Oslo"}'],
    usage: { inputTokens: 64, outputTokens: 17 },
  },
  {
    protocol: 'openai-responses',
    name: 'deepseek-reasoning-text.1',
    written: ['One place. I ask.', '{"city": "Oslo"}'],
    usage: { inputTokens: 71, outputTokens: 29, thinkingTokens: 9 },
  },
] as const)('$name has what real ones were seen to have, and is read all the same', async at => {
  const { blocks, usage } = collectAll((await answer(at)).events)
  expect(blocks.map(({ content }) => content).filter(content => content !== '')).toEqual(at.written)
  expect(usage).toMatchObject(at.usage)
})

test('an answer that comes whole, though a stream was asked for, is told all the same', async () => {
  const body = {
    id: 'c1',
    model: 'm-1',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  }
  await using upstream = await startUpstream({ body })
  const { events } = await tell(provide({ kind: 'openai', url: upstream.origin }).backend.stream(request, never))
  expect(eventFaults(events)).toEqual([])
  expect(collectAll(events)).toMatchObject({
    blocks: [{ content: 'Yes.' }],
    usage: { inputTokens: 3, outputTokens: 2 },
  })
})

test.each(kinds.filter(({ auth }) => auth !== 'none'))(
  '$id shows its key in one header and nowhere else',
  async kind => {
    await using upstream = await startUpstream({ status: 500 })
    const settings = { kind: kind.id, url: upstream.origin, isLocal: false }
    await tell(provide(settings).backend.stream(request, never))
    const [seen] = upstream.seen
    const showing = Object.entries(seen?.headers ?? {}).filter(([, value]) => String(value).includes(canary))
    const wanted = kind.auth === 'bearer' ? ['authorization', `Bearer ${canary}`] : [kind.auth, canary]
    expect(showing).toEqual([wanted])
    expect(seen?.path).not.toContain(canary)
    expect(seen?.body).not.toContain(canary)
    expect(seen?.headers['accept-encoding']).toBe('identity')
  },
)

test('a connection serves one answer after the other', async () => {
  await using upstream = await startUpstream(await keptStream('anthropic-messages', 'anthropic-text.1'))
  const { backend } = provide({ kind: 'anthropic', url: upstream.origin })
  await tell(backend.stream(request, never))
  // The end of the body follows the end of the answer, in its own time.
  await delay(30)
  await tell(backend.stream(request, never))
  expect([upstream.seen.length, upstream.connections]).toEqual([2, 1])
})

import { expect, test } from 'vitest'
import { until, serveEngine } from '../chaos/serve-engine.ts'
import { bodyFor, isWhole, openStream, paths, protocols } from '../program/streamed-answer.ts'
import type { ProtocolName, StreamedAnswer } from '../program/streamed-answer.ts'
import { open } from '../support/http-client.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'

const files = useTinyModel()
const keys = ['key-of-ada', 'key-of-bob']

interface Sending {
  readonly key?: string
  /** How often the client says that it sent the request before. */
  readonly retries?: string
}

/* Nobody asks for a temperature, so each answer is drawn anew. */
const question = { model: 'm', text: 'Tell me a long story', maxTokens: 600 }

async function serveTwo() {
  const served = await serveEngine(files.tiny, { keys, preferences: { slots: 2, contextTokens: 2048 } })
  const send = (protocol: ProtocolName, { key = 'key-of-ada', retries = '0' }: Sending = {}): Promise<StreamedAnswer> =>
    openStream(served.port, protocol, {
      ...question,
      headers: { authorization: `Bearer ${key}`, 'x-stainless-retry-count': retries },
    })
  const busy = () => served.engine.status()[0]?.answering ?? 0
  return { ...served, send, busy }
}

/** What the answer says, without the ids that are each reply's own. */
function textIn(received: string): string {
  return [...received.matchAll(/"(?:text|content)":("(?:[^"\\]|\\.)*")/g)]
    .map(([, text = '""']) => JSON.parse(text))
    .join('')
}

test.each(protocols)('a sampled stream of %s that is sent again follows the running one', async protocol => {
  const { send, busy } = await serveTwo()
  const first = await send(protocol)
  await first.more()
  const again = await send(protocol, { retries: '1' })
  await again.more()
  expect(busy()).toBe(1)
  const [one, two] = await Promise.all([first.whole, again.whole])
  expect(isWhole(protocol, two)).toBe(true)
  expect(textIn(two)).toBe(textIn(one))
  expect(textIn(one)).not.toBe('')
})

test.each([
  ['that is no retry', {}],
  ['of another key', { key: 'key-of-bob', retries: '1' }],
] as const)('the same sampled request %s is answered by itself', async (_, sending) => {
  const { send, busy } = await serveTwo()
  const first = await send('openai')
  await first.more()
  const other = await send('openai', sending)
  await other.more()
  expect(busy()).toBe(2)
  const [one, two] = await Promise.all([first.whole, other.whole])
  expect(textIn(two)).not.toBe(textIn(one))
})

test('a request that is sent again goes on with the running answer when its first connection is gone', async () => {
  const { send, busy, port } = await serveTwo()
  const first = await send('anthropic')
  await first.more()
  const body = bodyFor({ ...question, stream: true })
  const headers = { 'x-api-key': 'key-of-ada', 'x-stainless-retry-count': '1' }
  const { response } = await open(port, { method: 'POST', path: paths.anthropic, headers, body })
  first.leave()
  expect(busy()).toBe(1)
  let received = ''
  for await (const piece of response.setEncoding('utf8')) received += String(piece)
  expect(isWhole('anthropic', received)).toBe(true)
  await until(() => busy() === 0)
})

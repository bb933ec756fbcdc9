import { expect, test } from 'vitest'
import { open } from '../support/http-client.ts'
import { useTinyModel } from '../support/use-tiny-model.ts'
import { bodyFor, paths, protocols } from '../program/streamed-answer.ts'
import { serveEngine } from './serve-engine.ts'

const files = useTinyModel()

test('whenever clients leave, in the queue, in a prompt, in an answer or in a count, nothing is left behind', async () => {
  const served = await serveEngine(files.tiny, { preferences: { slots: 2, contextTokens: 2048 } })
  const protocolOf = (index: number) => protocols[index % 2] ?? 'openai'
  const asked = Array.from({ length: 100 }, async (_, index) => {
    // More words than fit into one step, and texts of their own, so that prompts are read for a while.
    const text = `${index} ${'word '.repeat((index % 5) * 80)}`
    const isCounted = index % 10 === 9
    const body = bodyFor({ model: 'm', text, maxTokens: 1500, stream: index % 3 > 0 })
    const path = isCounted ? '/v1/messages/count_tokens' : paths[protocolOf(index)]
    const leaving = AbortSignal.timeout(10 + index * 15)
    const reply = open(served.port, { method: 'POST', path, body, signal: leaving })
    await reply.then(
      ({ response }) => response.resume(),
      () => undefined,
    )
  })
  await Promise.all(asked)
  await served.untilBusy(0)
  expect(served.engine.status()).toMatchObject([{ state: 'ready', requests: 0, answering: 0, waiting: 0 }])
  expect((await served.whole('openai', 'Next')).status).toBe(200)
  expect(served.news.filter(({ type }) => type === 'crashed')).toEqual([])
})

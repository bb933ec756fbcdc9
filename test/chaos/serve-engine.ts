import { onTestFinished } from 'vitest'
import { openEngine } from '../support/engine.ts'
import type { TestEngine } from '../support/engine.ts'
import { post } from '../support/http-client.ts'
import type { Reply } from '../support/http-client.ts'
import { start } from '../support/start-server.ts'
import type { Started, StartOptions } from '../support/start-server.ts'
import { bodyFor, paths, stream } from '../program/streamed-answer.ts'
import type { ProtocolName, StreamedAnswer } from '../program/streamed-answer.ts'

type EngineChanges = NonNullable<Parameters<typeof openEngine>[1]>

/** A real model in a process of its own behind a real server. It is gone with the test. */
export interface ServedEngine extends TestEngine, Started {
  /** Asks the model for a whole answer. */
  whole(protocol: ProtocolName, text: string, maxTokens?: number): Promise<Reply>
  /** Asks the model for a streamed answer, and gives it when the first of its text has come. */
  streamed(protocol: ProtocolName, text: string): Promise<StreamedAnswer>
  count(text: string): Promise<Reply>
  /** Settles when so many requests wait or are answered. */
  untilBusy(requests: number): Promise<void>
  /** Settles when the model's process is another one than this, and ready. */
  untilReplaced(processId: number): Promise<number>
}

/** More tokens than a tiny model writes while a test looks on. */
const endless = 16_000

export async function serveEngine(
  file: string,
  { limits, keys, ...changes }: EngineChanges & Pick<StartOptions, 'limits' | 'keys'> = {},
): Promise<ServedEngine> {
  const opened = openEngine({ m: file }, { ...changes, preferences: { contextTokens: 16_384, ...changes.preferences } })
  onTestFinished(() => opened.engine.close())
  const started = await start({ backends: [opened.engine], ...(limits && { limits }), ...(keys && { keys }) })
  await opened.engine.load('m')
  const { port } = started
  const status = () => opened.engine.status()[0]
  return {
    ...opened,
    ...started,
    whole: (protocol, text, maxTokens = 24) => post(port, paths[protocol], bodyFor({ model: 'm', text, maxTokens })),
    streamed: (protocol, text) => stream(port, protocol, { model: 'm', text, maxTokens: endless }),
    count: text => post(port, '/v1/messages/count_tokens', { model: 'm', messages: [{ role: 'user', content: text }] }),
    untilBusy: requests => until(() => (status()?.answering ?? 0) + (status()?.waiting ?? 0) === requests),
    untilReplaced: async processId => {
      await until(() => status()?.state === 'ready' && status()?.processId !== processId)
      return opened.processOf('m')
    },
  }
}

/** Settles when something is so. A test that waits in vain ends by its own limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 5))
}

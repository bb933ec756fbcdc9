import { startServer } from '../test/support/start-server.ts'
import type { Backend } from '../src/core/backend.ts'
import { begins, text } from '../test/support/scripted-backend.ts'
import { setTimeout as delay } from 'node:timers/promises'

/*
 * A server whose one model never ends: asked for few tokens it says a word now and then, and asked for many it says
 * a kilobyte whenever somebody listens. bench/chaos.ts starts it in a process of its own.
 */

export interface FloodStatus {
  readonly residentBytes: number
  /** Answers that began and did not end yet. */
  readonly open: number
  readonly saidBytes: number
}

export type FromFlood = { readonly port: number } | FloodStatus

const kilobyte = 'x'.repeat(1024)
const few = 100
const dripMs = 20
let open = 0
let saidBytes = 0

const flood: Backend = {
  name: 'flood',
  isLocal: true,
  async *stream({ maxTokens = 0 }, signal) {
    open += 1
    try {
      yield* begins()
      while (!signal.aborted) {
        if (maxTokens <= few) await delay(dripMs)
        yield text(maxTokens <= few ? `${performance.now()} ` : kilobyte)
        saidBytes += kilobyte.length
      }
    } finally {
      open -= 1
    }
  },
}

const { port } = await startServer({ backends: [flood] })
process.send?.({ port } satisfies FromFlood)
process.on('message', () => {
  globalThis.gc?.()
  process.send?.({ residentBytes: process.memoryUsage.rss(), open, saidBytes } satisfies FromFlood)
})
process.once('disconnect', () => process.exit())

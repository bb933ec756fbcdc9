import { setTimeout as delay } from 'node:timers/promises'
import { bodyFor, paths, protocols } from '../../test/program/streamed-answer.ts'
import { open, post } from '../../test/support/http-client.ts'
import type { Chance } from './chance.ts'
import { atMost, fact, percentile } from './figures.ts'
import type { Figure } from './figures.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'

export interface LeaveSettings {
  readonly chance: Chance
  readonly leavers: number
}

const together = 40
const model = 'one'

/** Lets clients leave at random times; gives how soon the model is free for others. */
export async function measureLeaving({ chance, leavers }: LeaveSettings): Promise<readonly Figure[]> {
  const gateway = await startGateway({ models: [model], contextTokens: 8192, flags: { slots: 2, threads: 1 } })
  const emptyMs: number[] = []
  const freeMs: number[] = []
  try {
    const idleMs = await timeNext(gateway, 'Idle')
    for (let left = 0; left < leavers; left += together) {
      await Promise.all(Array.from({ length: together }, (_, index) => leaveOne(gateway, chance, left + index)))
      const began = performance.now()
      const next = timeNext(gateway, `Next ${left}`)
      emptyMs.push(
        await gateway.until(model, ({ answering, waiting, requests }) => answering + waiting + requests <= 1),
      )
      await next
      freeMs.push(performance.now() - began - idleMs)
      await gateway.until(model, ({ answering, waiting, requests }) => answering + waiting + requests === 0)
    }
    const status = await gateway.model(model)
    const isEmpty = status?.answering === 0 && status.waiting === 0 && status.requests === 0
    process.stdout.write(
      `     ${leavers} clients left; slot free: half within ${percentile(freeMs, 50).toFixed(0)} ms, an answer to an idle model takes ${idleMs.toFixed(0)} ms\n`,
    )
    return [
      atMost(['R7', 'all counters of those who left at zero, longest'], Math.max(...emptyMs), {
        target: 500,
        unit: 'ms',
      }),
      atMost(['R7', 'a slot free for the next one, longest'], Math.max(...freeMs), { target: 500, unit: 'ms' }),
      fact(
        ['R7', 'nothing is left behind'],
        isEmpty,
        JSON.stringify([status?.answering, status?.waiting, status?.requests]),
      ),
    ]
  } finally {
    await gateway.close()
  }
}

/** In the queue, while a prompt is read, in the middle of a stream, before a whole answer, or in a count. */
async function leaveOne({ port }: Gateway, chance: Chance, index: number): Promise<void> {
  const protocol = chance.oneOf(protocols)
  const text = `${index} ${'word '.repeat(chance.oneOf([1, 100, 1000]))}`
  const isCount = chance.below(5) === 0
  const isStream = chance.below(3) > 0
  const body = bodyFor({ model, text, maxTokens: 4000, stream: isStream })
  const path = isCount ? '/v1/messages/count_tokens' : paths[protocol]
  const controller = new AbortController()
  const asked = open(port, { method: 'POST', path, body, signal: controller.signal }).then(
    ({ response }) => response.resume().on('error', () => undefined),
    () => undefined,
  )
  await delay(chance.below(1500))
  controller.abort()
  await asked
}

/** How long the next answer of one token takes. */
async function timeNext({ port }: Gateway, text: string): Promise<number> {
  const began = performance.now()
  const { status } = await post(port, paths.openai, bodyFor({ model, text, maxTokens: 1 }))
  if (status !== 200) throw new Error(`the next one got ${status}`)
  return performance.now() - began
}

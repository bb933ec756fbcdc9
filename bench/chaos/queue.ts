import { setTimeout as delay } from 'node:timers/promises'
import { bodyFor, paths, protocols } from '../../test/program/streamed-answer.ts'
import { post } from '../../test/support/http-client.ts'
import type { Reply } from '../../test/support/http-client.ts'
import { atMost, fact } from './figures.ts'
import type { Figure } from './figures.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'

const model = 'one'
const queueTimeoutMs = 3000
const most = 20

/** Fills a queue; gives what becomes of those who do not fit, who wait too long, and who wait their turn. */
export async function measureQueue(): Promise<readonly Figure[]> {
  const flags = { slots: 1, threads: 1, mostWaiting: most, queueTimeoutMs: `${queueTimeoutMs / 1000}s` }
  const gateway = await startGateway({ models: [model], contextTokens: 8192, flags })
  try {
    return [...(await fill(gateway)), ...(await stand(gateway))]
  } finally {
    await gateway.close()
  }
}

async function fill(gateway: Gateway): Promise<readonly Figure[]> {
  const song = ask(gateway, 'Sing', 400)
  await gateway.until(model, ({ answering }) => answering === 1)
  const { processId = 0 } = (await gateway.model(model)) ?? {}
  // While its process is stopped, nobody leaves the queue but who is refused.
  process.kill(processId, 'SIGSTOP')
  const began = performance.now()
  const waiting = Array.from({ length: most }, (_, index) => ask(gateway, `Waits ${index}`, 8))
  await gateway.until(model, now => now.waiting === most)
  const surplus = await Promise.all(Array.from({ length: most }, (_, index) => ask(gateway, `Surplus ${index}`, 8)))
  const late = await Promise.all(waiting)
  const lateMs = performance.now() - began
  process.kill(processId, 'SIGCONT')
  const isSung = (await song).status === 200
  return [
    fact(
      ['R23', 'requests beyond the queue refused, with the time to come back'],
      surplus.every(isOverload),
      `${surplus.length} refused`,
    ),
    fact(
      ['R23', 'requests that wait too long refused before they are read'],
      late.every(isOverload) && isSung,
      `${late.length} refused`,
    ),
    atMost(['R23', `the last of them, of ${queueTimeoutMs} ms`], lateMs, { target: queueTimeoutMs * 2, unit: 'ms' }),
  ]
}

/** Asks one after the other, without waiting for answers; gives whether they come in that order. */
async function stand(gateway: Gateway): Promise<readonly Figure[]> {
  const answered: number[] = []
  const asked: Promise<unknown>[] = []
  for (let index = 0; index < most; index += 1) {
    asked.push(ask(gateway, `Stands ${index}`, 8).then(() => answered.push(index)))
    await delay(10)
  }
  await Promise.all(asked)
  const isInOrder = answered.every((index, at) => index === at)
  return [fact(['R23', 'requests of one key answered in their order'], isInOrder, answered.join(' ').slice(0, 20))]
}

function isOverload({ status, headers }: Reply): boolean {
  return (status === 529 || status === 429) && Number(headers['retry-after']) > 0
}

let asked = 0
function ask({ port }: Gateway, text: string, maxTokens: number): Promise<Reply> {
  const protocol = protocols[(asked += 1) % 2] ?? 'openai'
  return post(port, paths[protocol], bodyFor({ model, text, maxTokens }))
}

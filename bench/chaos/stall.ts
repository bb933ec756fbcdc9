import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { bodyFor, openStream, paths } from '../../test/program/streamed-answer.ts'
import { open } from '../../test/support/http-client.ts'
import type { FloodStatus } from '../chaos-flood.ts'
import { atMost, fact, percentile } from './figures.ts'
import type { Figure } from './figures.ts'

const file = new URL('../chaos-flood.ts', import.meta.url)

/* The server's own limit, and what a look at it may take. */
const stallMs = 60_000
const lookMs = 5000
const liveStreams = 8
const observedMs = 8000

/** Stops reading streams that never end; gives what each costs, and what the others notice. */
export async function measureStalls(stalled: number): Promise<readonly Figure[]> {
  const child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: ['--expose-gc'] })
  try {
    const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }]
    const live = await Promise.all(Array.from({ length: liveStreams }, () => watch(port)))
    await delay(2000)
    const before = await ask(child)
    const usual = await observe(live)
    await Promise.all(Array.from({ length: stalled }, () => stall(port)))
    await delay(3000)
    const began = performance.now()
    const during = await observe(live)
    const full = await ask(child)
    const isPaused = (await delay(1000), (await ask(child)).saidBytes - full.saidBytes) < 1024 * 1024
    const perStream = (full.residentBytes - before.residentBytes) / stalled / 1024 / 1024
    const closedMs = await untilClosed(child, began)
    for (const { leave } of live) leave()
    const [usualMs, duringMs] = [percentile(usual, 99), percentile(during, 99)]
    return [
      atMost(['R8', `memory of each of ${stalled} stalled streams`], perStream, { target: 2, unit: 'MiB' }),
      fact(['R8', 'stalled streams are not written for'], isPaused, isPaused ? 'paused' : 'goes on'),
      // Both are dominated by the clock's own grain: less than five milliseconds are no difference.
      atMost([`R8`, `99 % of the gaps of other streams (${usualMs.toFixed(1)} ms without)`], duringMs, {
        target: Math.round(Math.max(usualMs * 1.1, usualMs + 5)),
        unit: 'ms',
      }),
      atMost(['R8', 'all of them closed, since they stalled'], closedMs, { target: stallMs + 3 * lookMs, unit: 'ms' }),
    ]
  } finally {
    child.kill()
  }
}

async function ask(child: ChildProcess): Promise<FloodStatus> {
  const reply = once(child, 'message')
  child.send('status')
  const [status] = (await reply) as [FloodStatus]
  return status
}

async function stall(port: number): Promise<void> {
  const answer = await openStream(port, 'anthropic', { model: 'm', maxTokens: 1_000_000 })
  answer.pause()
}

interface Live {
  /** Milliseconds between what came. */
  readonly gaps: number[]
  readonly leave: () => void
}

async function watch(port: number): Promise<Live> {
  const body = bodyFor({ model: 'm', maxTokens: 10, stream: true })
  const { response, leave } = await open(port, { method: 'POST', path: paths.openai, body })
  const gaps: number[] = []
  let last = performance.now()
  response.on('error', () => undefined)
  response.on('data', () => {
    gaps.push(performance.now() - last)
    last = performance.now()
  })
  return { gaps, leave }
}

async function observe(live: readonly Live[]): Promise<readonly number[]> {
  for (const { gaps } of live) gaps.length = 0
  await delay(observedMs)
  return live.flatMap(({ gaps }) => gaps)
}

async function untilClosed(child: ChildProcess, began: number): Promise<number> {
  while ((await ask(child)).open > liveStreams && performance.now() - began < stallMs * 2) await delay(500)
  return performance.now() - began
}

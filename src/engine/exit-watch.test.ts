import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { ExitWatch } from './exit-watch.ts'

afterEach(() => void vi.useRealTimers())

function start(script: string) {
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] })
  const watch = new ExitWatch(child, child.stderr.setEncoding('utf8'))
  return { child, watch }
}

test('a process that ends says how, with its last words', async () => {
  const { watch } = start('echo out of paper >&2; exit 3')
  expect(await watch.exited).toEqual({ code: 3, signal: null, lastWords: 'out of paper\n' })
  expect(watch.isGone).toBe(true)
})

test('a process that is not gone ten seconds after it was killed counts as gone', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  // What the shell leaves behind holds on to its standard error, as a process does that hangs in the system.
  const { child, watch } = start('sleep 60 & echo $! >&2; wait')
  const [left] = await once(child.stderr, 'data')
  watch.kill({ stalledMs: 40_000, isFileStuck: true })
  vi.advanceTimersByTime(10_000)
  expect(await watch.exited).toMatchObject({ signal: 'SIGKILL', stalledMs: 40_000, isFileStuck: true })
  expect(watch.isGone).toBe(true)
  process.kill(Number(left), 'SIGKILL')
})

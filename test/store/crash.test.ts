import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'

const child = fileURLToPath(new URL('writing-child.ts', import.meta.url))
const rounds = 20

/** Lets a process write for a moment, kills it, and gives the lines that it had written. */
async function writeAndKill(folder: string, round: number): Promise<readonly string[]> {
  const writing = spawn(process.execPath, [child, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(writing, 'close')
  let out = ''
  writing.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  await Promise.race([once(writing.stdout, 'data'), ended])
  await pause(10 + ((round * 37) % 150))
  writing.kill('SIGKILL')
  await ended
  return out.split('\n').slice(0, -1)
}

/** The last of what was acknowledged of one sort. */
function lastOf(lines: readonly string[], sort: string): string | undefined {
  return lines.findLast(line => line.startsWith(`${sort} `))?.slice(sort.length + 1)
}

test('whenever the program is killed while it writes, what it acknowledged is there, and the database is sound', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-crash-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const acknowledged: string[] = []
  let key: string | undefined
  for (let round = 0; round < rounds; round++) {
    const lines = await writeAndKill(folder, round)
    expect(lines[0]).toBe('open')
    acknowledged.push(...lines.filter(line => line.startsWith('route ')).map(line => line.slice(6)))
    key = lastOf(lines, 'key') ?? key
    const store = await openStore({ dataDirectory: folder, now: Date.now })
    const { items, damaged } = await store.routes.list()
    const names = new Set(items.map(({ name }) => name))
    expect(acknowledged.filter(name => !names.has(name))).toEqual([])
    expect(damaged).toEqual([])
    // The one after the last acknowledged may have been written too.
    const [, count = '0'] = key?.split('-') ?? []
    const kept = (await store.providers.get('p'))?.key?.reveal()
    if (key !== undefined) expect([key, `${round}-0`, `${round}-${Number(count) + 1}`]).toContain(kept)
    // The next one may be killed before it writes any.
    key = kept
    await store.close()
    const file = new DatabaseSync(path.join(folder, 'state', 'duologue.db'))
    expect(file.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
    file.close()
  }
  expect(acknowledged.length).toBeGreaterThan(rounds)
})

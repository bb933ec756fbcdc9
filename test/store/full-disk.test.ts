import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const child = fileURLToPath(new URL('full-disk-child.ts', import.meta.url))
const mostKibibytes = 400

test('on a full disk attempts are counted as dropped, changes fail with the reason, and what was there stays readable', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-full-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  // The shell's limit on the size of files stands in for the disk's end.
  const limited = `ulimit -f ${mostKibibytes}; exec "$0" "$@"`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', limited, process.execPath, child, folder], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const seen: unknown = JSON.parse(stdout)
  expect(seen).toEqual({
    notedWithoutFailure: 5000,
    dropped: expect.any(Number),
    flushFailure: expect.stringMatching(/cannot be used: the disk (is full|cannot be read or written)/),
    putFailure: expect.stringMatching(/cannot be used: the disk (is full|cannot be read or written)/),
    keyStillThere: 'k',
  })
  expect(seen).toMatchObject({ dropped: expect.toSatisfy((count: number) => count > 0) })
  const file = new DatabaseSync(path.join(folder, 'state', 'duologue.db'))
  onTestFinished(() => file.close())
  expect(file.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
})

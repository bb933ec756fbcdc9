import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checksumOfBlob, findInHubCache } from './hub-cache.ts'

const commit = 'c'.repeat(40)
const blob = 'b'.repeat(64)
const source = { type: 'hub', repository: 'owner/repo', file: 'sub/m.gguf', revision: 'main' } as const
let cache: string
let folder: string

beforeEach(async () => {
  cache = await realpath(await mkdtemp(join(tmpdir(), 'duologue-cache-')))
  folder = join(cache, 'models--owner--repo')
  for (const part of ['blobs', 'refs', `snapshots/${commit}/sub`]) await mkdir(join(folder, part), { recursive: true })
  await writeFile(join(folder, 'blobs', blob), 'weights')
  await writeFile(join(folder, 'refs', 'main'), commit)
  await symlink(`../../../blobs/${blob}`, join(folder, 'snapshots', commit, 'sub', 'm.gguf'))
})
afterEach(() => rm(cache, { recursive: true, force: true }))

test('a file that the hub client has is found by branch and by commit, with its checksum', async () => {
  const path = join(folder, 'blobs', blob)
  expect(await findInHubCache(cache, source)).toBe(path)
  expect(await findInHubCache(cache, { ...source, revision: commit })).toBe(path)
  expect(checksumOfBlob(path)).toBe(blob)
})

test('a file, revision or repository that is not there is not found', async () => {
  expect(await findInHubCache(cache, { ...source, file: 'other.gguf' })).toBeUndefined()
  expect(await findInHubCache(cache, { ...source, revision: 'dev' })).toBeUndefined()
  expect(await findInHubCache(cache, { ...source, repository: 'owner/other' })).toBeUndefined()
  expect(await findInHubCache(join(cache, 'nowhere'), source)).toBeUndefined()
})

test('a link that leads out of the repository is not followed', async () => {
  const outside = join(cache, 'outside.gguf')
  await writeFile(outside, 'secret')
  await symlink(outside, join(folder, 'snapshots', commit, 'escape.gguf'))
  expect(await findInHubCache(cache, { ...source, file: 'escape.gguf' })).toBeUndefined()
})

import { copyFile, open, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { fingerprint } from './fingerprint.ts'

const mebibyte = 2 ** 20

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: string

beforeAll(async () => {
  folder = await temporaryFolder()
  model = join(folder.path, 'model.gguf')
  await writeFile(model, Buffer.alloc(8 * mebibyte, 'weights'))
})

afterAll(() => folder.remove())

/** A copy in which some bytes are others, and which nobody can tell from the date. */
async function edited(position: number, bytes: Buffer): Promise<string> {
  const path = join(folder.path, 'edited.gguf')
  await copyFile(model, path)
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, position)
  await file.close()
  const { atime, mtime } = await stat(model)
  await utimes(path, atime, mtime)
  return path
}

test('a file is told by what it is, and not by its name', async () => {
  await utimes(model, 1000, 1000)
  expect(await fingerprint(await edited(0, Buffer.alloc(0)))).toBe(await fingerprint(model))
})

test.each([
  ['its head', 100, 1],
  ['an eighth of its weights', 5 * mebibyte, mebibyte],
  ['its last byte', 8 * mebibyte - 1, 1],
])('a file of the same size and date is told apart by %s', async (_, position, length) => {
  expect(await fingerprint(await edited(position, Buffer.alloc(length, 1)))).not.toBe(await fingerprint(model))
})

test('a file with another date is another one', async () => {
  const before = await fingerprint(model)
  await utimes(model, 2000, 2000)
  expect(await fingerprint(model)).not.toBe(before)
})

test('a file that is shorter than its head is told apart too', async () => {
  const short = join(folder.path, 'short.gguf')
  await writeFile(short, 'one')
  const before = await fingerprint(short)
  const { atime, mtime } = await stat(short)
  await writeFile(short, 'two')
  await utimes(short, atime, mtime)
  expect(await fingerprint(short)).not.toBe(before)
})

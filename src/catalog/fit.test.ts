import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { ModelError } from '../core/errors.ts'
import { checkDisk, checkMemory, estimateMemoryBytes } from './fit.ts'
import { catalogue } from './recommended.ts'

const gib = 1024 ** 3

test('what fits in memory passes, to the byte', () => {
  expect(() => checkMemory({ name: 'm', neededBytes: gib, availableBytes: gib, catalogue })).not.toThrow()
})

test('what does not fit is refused with both numbers and the largest models that do', () => {
  const check = () => checkMemory({ name: 'big', neededBytes: 41.2 * gib, availableBytes: 20.1 * gib, catalogue })
  expect(check).toThrow(ModelError)
  expect(check).toThrow(/^big needs 41\.2 GiB of memory, 20\.1 GiB available; try devstral-small-2, .*--force/)
})

test('where nothing fits, nothing is suggested', () => {
  const check = () => checkMemory({ name: 'm', neededBytes: gib, availableBytes: 1, catalogue })
  expect(check).toThrow(/^m needs 1\.0 GiB of memory, 1 B available; --force/)
})

test('a full disk is told in numbers, and a disk with room passes', async () => {
  await expect(checkDisk({ directory: tmpdir(), neededBytes: 2 ** 55, name: 'm' })).rejects.toThrow(
    /m needs 32\.0 PiB of disk/,
  )
  await checkDisk({ directory: tmpdir(), neededBytes: 0, name: 'm' })
})

test('an estimate is more than the file', () => {
  expect(estimateMemoryBytes(4 * gib)).toBeGreaterThan(4 * gib)
})

import { expect, test } from 'vitest'
import { formatBytes } from './bytes.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [98_362_432, '93.8 MiB'],
  [41.2 * 1024 ** 3, '41.2 GiB'],
  [2 ** 80, '1073741824.0 PiB'],
  [Number.NaN, '0 B'],
])('%d bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

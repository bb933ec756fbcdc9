import { expect, test } from 'vitest'
import { formatDuration, formatProgress } from './progress.ts'
import { formatPairs, formatTable } from './table.ts'

test('a download reads as bar, share, sizes, speed and time left', () => {
  const mib = 1024 ** 2
  const progress = {
    phase: 'downloading',
    receivedBytes: 30 * mib,
    totalBytes: 90 * mib,
    bytesPerSecond: 10 * mib,
    source: 's',
  } as const
  expect(formatProgress(progress, 120)).toBe(
    'Downloading  [########----------------]  33%  30.0 MiB of 90.0 MiB  10.0 MiB/s  6 s left',
  )
})

test('the bar takes what room the rest leaves', () => {
  const bytes = { receivedBytes: 1.5 * 1024 ** 3, totalBytes: 1023 * 1024 ** 3, bytesPerSecond: 1023 * 1024 ** 2 }
  for (const columns of [80, 90, 100, 200]) {
    const line = formatProgress({ phase: 'downloading', ...bytes, source: 's' }, columns)
    expect(line.length).toBeLessThan(columns)
    expect(line).toContain('min left')
  }
})

test('what is not known is not shown', () => {
  expect(formatProgress({ phase: 'downloading', receivedBytes: 1024, source: 's' })).toBe('Downloading  1.0 KiB')
  expect(formatProgress({ phase: 'resolving', receivedBytes: 0, source: 'the hub' })).toBe('Waiting for the hub')
})

test.each([
  [-1, '0 s'],
  [8.2, '9 s'],
  [89, '89 s'],
  [240, '4 min'],
  [7500, '2 h 5 min'],
])('%d seconds read as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test('columns line up, numbers on the right, colours aside', () => {
  const rows = [
    { name: '\u001B[32mab\u001B[39m', size: '1' },
    { name: 'c', size: '100' },
  ]
  const columns = [
    { title: 'NAME', of: (row: (typeof rows)[number]) => row.name },
    { title: 'SIZE', of: (row: (typeof rows)[number]) => row.size, isNumber: true },
  ]
  expect(formatTable(rows, columns)).toBe('NAME  SIZE\n\u001B[32mab\u001B[39m       1\nc      100')
})

test('pairs leave out what is not known', () => {
  expect(
    formatPairs([
      ['A', '1'],
      ['Long', '2'],
      ['B', undefined],
    ]),
  ).toBe('A     1\nLong  2')
})

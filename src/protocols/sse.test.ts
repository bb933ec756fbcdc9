import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { all, play } from '../../test/support/play.ts'
import { decodeSse, formatSse, maxEventLength, type SseFrame } from './sse.ts'

const encoder = new TextEncoder()
const line = fc.string({ unit: 'grapheme' }).filter(text => !/[\r\n\0]/.test(text))
const named = fc.record({ event: line.filter(name => name !== ''), data: line })
const unnamed = fc.record({ data: line })
const frames: fc.Arbitrary<SseFrame[]> = fc.array(fc.oneof(named, unnamed), { maxLength: 6 })

/** Cuts bytes anywhere, down to one at a time. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, step = 0; at < bytes.length; step++) {
    const size = sizes[step % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 })

async function read(text: string, chunkSizes: readonly number[] = [1]): Promise<SseFrame[]> {
  return all(decodeSse(play(cut(encoder.encode(text), chunkSizes))))
}

test('frames that are written are read back the same, however the bytes are cut', () =>
  fc.assert(
    fc.asyncProperty(frames, sizes, fc.constantFrom('\n', '\r\n', '\r'), async (frames, sizes, lineEnd) => {
      const text = frames.map(formatSse).join('').replaceAll('\n', lineEnd)
      expect(await read(text, sizes)).toEqual(frames)
    }),
    { numRuns: 300 },
  ))

test('one leading byte order mark is not part of the first event', async () => {
  expect(await read('\uFEFFdata: a\n\n')).toEqual([{ data: 'a' }])
})

test('comments, ids and unknown fields give nothing', async () => {
  expect(await read(': hello\n\nid: 7\nretry: 10\nfoo: bar\ndata: a\n\n')).toEqual([{ data: 'a' }])
})

test('lines of data are joined by a line feed', async () => {
  expect(await read('data: a\ndata: b\n\n')).toEqual([{ data: 'a\nb' }])
})

test.each(['data: a', 'data: a\n', 'data: a\r', 'data: a\r\n'])(
  'an event without its final blank line counts: %j',
  async text => {
    expect(await read(text, [3])).toEqual([{ data: 'a' }])
  },
)

test('the longest event is read, in one piece or in many', async () => {
  const data = 'x'.repeat(maxEventLength)
  expect(await read(`data: ${data}\n\n`, [Infinity])).toEqual([{ data }])
  expect(await read(`data: ${data}\n\n`, [4096])).toEqual([{ data }])
})

test.each([Infinity, 4096])('a longer event is refused after those before it, in pieces of %d bytes', async size => {
  const text = `data: a\n\ndata: ${'x'.repeat(maxEventLength + 1)}\n\n`
  const seen: SseFrame[] = []
  const reading = async (): Promise<void> => {
    for await (const frame of decodeSse(play(cut(encoder.encode(text), [size])))) seen.push(frame)
  }
  await expect(reading()).rejects.toMatchObject({ kind: 'unavailable' })
  expect(seen).toEqual([{ data: 'a' }])
})

test('an event that never ends is refused before it fills the memory', async () => {
  let pulled = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield encoder.encode('data: ')
    for (;;) {
      pulled += 65_536
      yield encoder.encode('x'.repeat(65_536))
    }
  }
  await expect(all(decodeSse(endless()))).rejects.toMatchObject({ kind: 'unavailable' })
  expect(pulled).toBeLessThan(2 * maxEventLength)
})

test('a field that would break out of its line is not written', () => {
  expect(() => formatSse({ data: 'a\ndata: b' })).toThrow(RangeError)
  expect(() => formatSse({ event: 'a\rb', data: '' })).toThrow(RangeError)
  expect(() => formatSse({ comment: 'a\nb' })).toThrow(RangeError)
})

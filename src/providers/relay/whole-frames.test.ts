import fc from 'fast-check'
import { expect, test } from 'vitest'
import { all, play } from '../../../test/support/play.ts'
import { decodeSse } from '../../protocols/sse.ts'
import { wholeFrames } from './whole-frames.ts'

async function cut(text: string, at: readonly number[]): Promise<string[]> {
  const bytes = Buffer.from(text)
  const ends = [...new Set(at.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  const chunks = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
  return (await all(wholeFrames(play(chunks)))).map(piece => Buffer.from(piece).toString())
}

test.each(['\n', '\r\n', '\r'])('pieces end after blank lines, with line ends of %j', async end => {
  const frames = [`event: a${end}data: 1${end}${end}`, `: note${end}${end}`, `data: 塩${end}data: 2${end}${end}`]
  expect(await cut(frames.join(''), [])).toEqual(frames)
})

test('what follows the last blank line is the last piece, and gets a blank line of its own', async () => {
  expect(await cut('data: 1\n\ndata: 2', [3])).toEqual(['data: 1\n\n', 'data: 2\n\n'])
})

test('however a stream is cut, no byte of it changes and no piece holds half an event', async () => {
  const line = fc.constantFrom('data: x', 'event: é', ': c', 'data:{"a":1}', '')
  const text = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n')).map(pair => pair.join('')))
    .map(lines => lines.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat()), async (text, at) => {
      const pieces = await cut(text, at)
      const said = pieces.join('')
      expect([text, `${text}\n\n`]).toContain(said)
      const alone = await Promise.all(pieces.map(piece => all(decodeSse(play([Buffer.from(piece)])))))
      expect(alone.flat()).toEqual(await all(decodeSse(play([Buffer.from(text)]))))
    }),
  )
})

test('a frame without end is given up', async () => {
  const piece = Buffer.alloc(1024 * 1024, 0x78)
  const reading = all(wholeFrames(play(Array.from({ length: 26 }, () => piece)))).then(pieces => pieces.length)
  await expect(reading).rejects.toMatchObject({ kind: 'unavailable' })
})

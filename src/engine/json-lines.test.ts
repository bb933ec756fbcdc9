import { PassThrough } from 'node:stream'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openJsonLines } from './json-lines.ts'

/** What is heard of bytes that come in these chunks. */
async function hear(chunks: Iterable<Uint8Array>): Promise<readonly unknown[]> {
  const socket = new PassThrough()
  const heard: unknown[] = []
  openJsonLines(socket, value => heard.push(value))
  for (const chunk of chunks) if (!socket.write(chunk)) await new Promise(resolve => socket.once('drain', resolve))
  await new Promise(resolve => void setImmediate(resolve))
  return heard
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('values are heard as they were said, however their bytes are cut', async () => {
  const values = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 40 }), async (said, size) => {
      const text = said.map(value => `${JSON.stringify(value)}\n`).join('')
      expect(JSON.stringify(await hear(cut(Buffer.from(text), size)))).toBe(JSON.stringify(said))
    }),
    { numRuns: 100 },
  )
})

test('a line in thirty thousand pieces is heard', async () => {
  const said = 'x'.repeat(8 * 1024 * 1024)
  const [heard] = await hear(cut(Buffer.from(`${JSON.stringify(said)}\n`), 256))
  expect(heard === said).toBe(true)
})

test('what is no JSON ends the connection', async () => {
  const socket = new PassThrough()
  const heard: unknown[] = []
  openJsonLines(socket, value => heard.push(value))
  socket.write('1\n{\n2\n')
  await new Promise(resolve => socket.once('close', resolve))
  expect(heard).toEqual([1])
})

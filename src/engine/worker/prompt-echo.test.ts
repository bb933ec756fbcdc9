import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPromptEcho } from './prompt-echo.ts'
import type { EchoPiece } from './prompt-echo.ts'

/* Each token is a byte; what is beyond is the token that begins texts, and is not written. */
const opening = 256
const spell = (tokens: Uint32Array): string => Buffer.from(tokens.filter(token => token !== opening)).toString()
const meter = {
  measure: async (place: number, token: number) => ({ token: String(token), logprob: -place }),
  name: (token: number, logprob: number) => ({ token: String(token), logprob }),
  dispose: () => {},
}

async function echo(text: string, { lead, cuts }: { lead: number; cuts: readonly number[] }): Promise<EchoPiece[]> {
  const tokens = Uint32Array.from([...Array.from({ length: lead }, () => opening), ...Buffer.from(text)])
  const repeated = createPromptEcho({ text, lead }, { tokens, meter, spell })
  const places = Array.from(tokens.keys(), place => place + 1)
  const pieces: EchoPiece[] = []
  const ends = [...cuts.map(cut => cut % (places.length + 1)), places.length].toSorted((a, b) => a - b)
  for (const [index, end] of ends.entries())
    pieces.push(...(await repeated.measure(places.slice(ends[index - 1] ?? 0, end))))
  return pieces
}

test('however a prompt is read, its pieces are its text, and each token comes once with its own measure', async () => {
  const given = fc.record({
    text: fc.string({ unit: 'binary', minLength: 1 }),
    lead: fc.nat(1),
    cuts: fc.array(fc.nat(64), { maxLength: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(given, async ({ text, ...how }) => {
      const pieces = await echo(text, how)
      const bytes = [...Array.from({ length: how.lead }, () => opening), ...Buffer.from(text)]
      expect(pieces.map(piece => piece.text).join('')).toBe(text)
      expect(pieces.flatMap(({ logprobs }) => logprobs)).toEqual(
        bytes.map((token, index) => ({ token: String(token), logprob: index === 0 ? 0 : -index })),
      )
    }),
  )
})

test('a token that is not written comes with no text', async () => {
  const [first, second] = await echo('ab', { lead: 1, cuts: [] })
  expect(first).toEqual({ text: '', logprobs: [{ token: '256', logprob: 0 }] })
  expect(second?.text).toBe('ab')
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { partsOf } from '../prompt-parts.ts'
import type { ModelRequest } from '../../core/request.ts'
import { mapPrompt } from './prompt-map.ts'

const text = (value: string, cache?: { ttl?: '5m' | '1h' }) =>
  ({ type: 'text', text: value, ...(cache && { cache }) }) as const

const request: ModelRequest = {
  model: 'm',
  tools: [
    { name: 'read', inputSchema: {} },
    { name: 'write', inputSchema: {}, cache: { ttl: '1h' } },
  ],
  system: [text('Be brief. '), text('Be kind.', {})],
  messages: [
    { role: 'user', content: [text('Hello there', {}), text('Hello there')] },
    { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'read', input: '{}' }] },
    { role: 'user', content: [{ type: 'tool-result', callId: 'c', content: [text(' found it ')], cache: {} }] },
  ],
}

const rendered =
  '<s>Be brief.\n\nBe kind.\n["read","write"]</s><u>Hello there\n\nHello there</u><a>{"read": {}}</a><t>found it</t><a>'

/* One token a letter, after one that the text does not show. */
const spell = (tokens: Uint32Array): string => String.fromCodePoint(...tokens)
const tokens = Uint32Array.from(`^${rendered}`, letter => letter.codePointAt(0) ?? 0)

const map = (keepAllForMs?: number) =>
  mapPrompt({ text: rendered, tokens, parts: partsOf(request), keepAllForMs }, spell)

const endOf = (words: string, from = 0): number => rendered.indexOf(words, from) + words.length + 1

test('a breakpoint keeps all tokens up to the end of its block', () => {
  expect(map().marks).toEqual([
    { tokens: endOf('"write"'), keepForMs: 3_600_000 },
    // Tools come before the system in a cache, and after it in this template.
    { tokens: endOf('"write"'), keepForMs: 300_000 },
    { tokens: endOf('Hello there'), keepForMs: 300_000 },
    { tokens: endOf('found it'), keepForMs: 300_000 },
  ])
})

test('a request that wants all of it kept has a mark at the end of its prompt', () => {
  expect(map(300_000).marks.at(-1)).toEqual({ tokens: tokens.length, keepForMs: 300_000 })
})

test.each([
  ['Be brief', 'system.0'],
  ['kind', 'system.1'],
  ['write', 'tools.1'],
  ['<u>', 'messages.0.content.0'],
  ['there\n', 'messages.0.content.0'],
  ['there</u>', 'messages.0.content.1'],
  ['found', 'messages.2.content.0'],
  ['</t>', 'the end of the prompt'],
])('the token at %j lies in %s', (words, place) => {
  expect(map().placeOf(rendered.indexOf(words) + 1)).toBe(place)
})

test('what comes before the first message is told, and what the template adds after the last one', () => {
  expect(map().headTokens()).toBe(endOf('<u>'))
  expect(map().askedTokens()).toBe(endOf('found it'))
})

test('where no message is found, all of a prompt is asked', () => {
  const none = mapPrompt({ text: rendered, tokens, parts: [] }, spell)
  expect([none.headTokens(), none.askedTokens()]).toEqual([1, tokens.length])
})

test('a block that the template leaves out is passed over', () => {
  const parts = partsOf({ ...request, system: [text('never shown', {})] })
  const { marks } = mapPrompt({ text: rendered, tokens, parts }, spell)
  expect(marks.at(-1)?.tokens).toBe(endOf('found it'))
})

test('marks ascend and stay within the prompt, whatever the blocks say', () => {
  const blocks = fc.array(fc.string({ maxLength: 12 }), { maxLength: 6 })
  fc.assert(
    fc.property(blocks, blocks, (texts, others) => {
      const parts = partsOf({ model: 'm', system: texts.map(value => text(value, {})), messages: [] })
      const prompt = [...others, ...texts].join(' ')
      const encoded = Uint32Array.from({ length: prompt.length }, (_, index) => prompt.charCodeAt(index))
      const { marks } = mapPrompt({ text: prompt, tokens: encoded, parts }, some => String.fromCharCode(...some))
      const ends = marks.map(mark => mark.tokens)
      expect(ends).toEqual(ends.toSorted((a, b) => a - b))
      for (const end of ends) expect(end).toBeLessThanOrEqual(encoded.length)
    }),
  )
})

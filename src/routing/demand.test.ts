import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ContentBlock, ImageBlock } from '../core/content.ts'
import type { ModelRequest } from '../core/request.ts'
import { completionDemand, demandOf, embeddingDemand } from './demand.ts'

function request(content: readonly ContentBlock[], changes: Partial<ModelRequest> = {}): ModelRequest {
  return { model: 'm', system: [], messages: [{ role: 'user', content }], ...changes }
}

const image: ImageBlock = {
  type: 'image',
  source: { type: 'base64', mediaType: 'image/png', data: 'A'.repeat(400_000) },
}
const text = (words: string): ContentBlock => ({ type: 'text', text: words })
const tool = { name: 'run', inputSchema: { type: 'object' } }

test.each<[string, ModelRequest, readonly string[]]>([
  ['words', request([text('a')]), []],
  ['tools', request([], { tools: [tool] }), ['tools']],
  ['no tools', request([], { tools: [] }), []],
  ['an image', request([image]), ['vision']],
  ['an image in a tool result', request([{ type: 'tool-result', callId: '1', content: [image] }]), ['vision']],
  ['a file', request([{ type: 'document', source: { type: 'file', fileId: 'f' } }]), ['documents']],
  ['text as a document', request([{ type: 'document', source: { type: 'text', text: 'a' } }]), []],
  ['an image in a document', request([{ type: 'document', source: { type: 'blocks', blocks: [image] } }]), ['vision']],
  ['thinking', request([], { thinking: { mode: 'enabled' } }), ['thinking']],
  ['thinking that is left to the model', request([], { thinking: { mode: 'adaptive' } }), []],
  ['a schema', request([], { responseFormat: { type: 'json-schema', schema: {} } }), ['structured-output']],
  ['plain text', request([], { responseFormat: { type: 'text' } }), []],
])('what a request with %s needs is known', (_, asked, needs) => {
  expect([...demandOf(asked).needs]).toEqual(needs)
})

test('the size of a prompt is estimated from all of its text, and a count is believed', () => {
  const all = request([text('a'.repeat(400))], {
    system: [{ type: 'text', text: 'b'.repeat(40) }],
    tools: [{ name: 'c'.repeat(4), description: 'd'.repeat(8), inputSchema: { e: 'f'.repeat(19) } }],
  })
  expect(demandOf(all)).toMatchObject({ promptTokens: 119, isCounted: false })
  expect(demandOf(all, 7)).toMatchObject({ promptTokens: 7, isCounted: true })
})

test('an image counts for what models make of it, not for its bytes', () => {
  expect(demandOf(request([image])).promptTokens).toBe(1500)
})

test('of texts for vectors, each is read by itself, and one model reads all', () => {
  expect(embeddingDemand({ model: 'm', texts: ['a', 'b'.repeat(40), 'c'.repeat(8)] })).toMatchObject({
    promptTokens: 10,
    isSteady: true,
  })
})

test('raw text is estimated, and tokens are counted', () => {
  expect(completionDemand({ model: 'm', prompt: 'a'.repeat(40), suffix: 'b'.repeat(8) })).toMatchObject({
    promptTokens: 12,
    isCounted: false,
  })
  expect(completionDemand({ model: 'm', prompt: [1, 2, 3] })).toMatchObject({ promptTokens: 3, isCounted: true })
})

test('a longer prompt is never estimated as smaller', () => {
  const property = fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
    const size = (words: string) => demandOf(request([text(words)])).promptTokens
    expect(size(`${one} ${other}`)).toBeGreaterThanOrEqual(size(one))
  })
  fc.assert(property)
})

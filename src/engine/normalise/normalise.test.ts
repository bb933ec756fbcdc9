import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ModelRequest } from '../../core/request.ts'
import { canonicalJson, createFirstSpellings } from './first-spellings.ts'
import { createNormaliser } from './normalise.ts'
import { normaliseRules } from './rules.ts'

const text = (value: string) => ({ type: 'text', text: value }) as const

function ask(more: Partial<ModelRequest> = {}): ModelRequest {
  return { model: 'm', system: [text('Be brief.')], messages: [{ role: 'user', content: [text('Hi')] }], ...more }
}

function calling(input: string): ModelRequest {
  return ask({ messages: [{ role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'read', input }] }] })
}

const tool = (name: string, inputSchema: ModelRequest['metadata'] = {}) => ({ name, inputSchema: inputSchema ?? {} })

const billing = (hash: string) => text(`x-anthropic-billing-header: cc_version=2.1.330.${hash}; cc_entrypoint=cli;`)

/** Pairs of requests that mean the same, by the rule that makes them equal. */
const pairs: Readonly<Record<string, readonly [ModelRequest, ModelRequest]>> = {
  'billing-line': [
    ask({ system: [billing('a1'), text('Be brief.')] }),
    ask({ system: [billing('b2'), text('Be brief.')] }),
  ],
  'system-white-space': [ask({ system: [text('Be brief.\n')] }), ask()],
  'schema-key-order': [
    ask({ tools: [tool('read', { type: 'object', properties: { b: {}, a: {} } })] }),
    ask({ tools: [tool('read', { properties: { a: {}, b: {} }, type: 'object' })] }),
  ],
  'tool-order': [ask({ tools: [tool('write'), tool('read')] }), ask({ tools: [tool('read'), tool('write')] })],
  'argument-key-order': [calling('{"path":"x","line":1}'), calling('{"line":1,"path":"x"}')],
}

test('every rule is shown by a pair of requests', () => {
  expect(Object.keys(pairs)).toEqual(normaliseRules.map(({ name }) => name))
})

test.each(normaliseRules.map(({ name }) => name))('%s makes two requests equal, and can be switched off', name => {
  const [first, second] = pairs[name] ?? []
  if (!first || !second) throw new Error(`${name} has no pair`)
  const normalise = createNormaliser()
  expect(JSON.stringify(normalise(first))).toBe(JSON.stringify(normalise(second)))
  const without = createNormaliser([name])
  expect(JSON.stringify(without(first))).not.toBe(JSON.stringify(without(second)))
})

test('the billing line is gone from a block that says more', () => {
  const { system } = createNormaliser()(ask({ system: [text('x-anthropic-billing-header: a=b;\nBe brief.')] }))
  expect(system).toEqual([text('Be brief.')])
})

test('a billing line that is not at the beginning is the client’s own text', () => {
  const request = ask({ system: [text('Be brief.'), billing('a')] })
  expect(createNormaliser()(request).system).toEqual(request.system)
})

test('the first order of a schema stays as its author wrote it', () => {
  const [first] = pairs['schema-key-order'] ?? []
  expect(JSON.stringify(createNormaliser()(first ?? ask()).tools)).toBe(JSON.stringify(first?.tools))
})

test('a breakpoint on the last tool stays on the last one', () => {
  const normalise = createNormaliser()
  normalise(ask({ tools: [tool('a'), tool('b')] }))
  const { tools } = normalise(ask({ tools: [tool('b'), { ...tool('a'), cache: {} }] }))
  expect(tools).toEqual([tool('a'), { ...tool('b'), cache: {} }])
})

test('tools that share a name keep the client’s order', () => {
  const normalise = createNormaliser()
  const twice = [tool('a', { type: 'object' }), tool('a', { type: 'string' })]
  normalise(ask({ tools: twice.toReversed() }))
  expect(normalise(ask({ tools: twice })).tools).toEqual(twice)
})

test('arguments that are no JSON object are left as the model wrote them', () => {
  for (const input of ['', '{"a":', '[1]', 'null']) expect(createNormaliser()(calling(input))).toEqual(calling(input))
})

test('values are written alike if and only if they are equal', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [one, other] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))]
      const isEqual = JSON.stringify(one) === JSON.stringify(other)
      if (isEqual) expect(canonicalJson(one)).toBe(canonicalJson(other))
      else if (canonicalJson(one) === canonicalJson(other)) expect(one).toEqual(other)
    }),
  )
  expect(canonicalJson(['a', 1])).not.toBe(canonicalJson({ a: 1 }))
  expect(canonicalJson({ a: 1, b: [{ c: 1, d: 2 }] })).toBe(canonicalJson({ b: [{ d: 2, c: 1 }], a: 1 }))
})

test('the spelling that was not met for longest is forgotten', () => {
  const spellings = createFirstSpellings(2)
  for (const key of ['a', 'b']) spellings.first(key, 1)
  spellings.first('a', 2)
  spellings.first('c', 1)
  expect(['a', 'b'].map(key => spellings.first(key, 3))).toEqual([1, 3])
})

test('the page lists every rule', async () => {
  const page = (await readFile('docs/cache.md', 'utf8')).replaceAll(/ +/g, ' ')
  for (const { name, about } of normaliseRules) expect(page).toContain(`| \`${name}\` | ${about}`)
})

test('arguments that are nested deeper than the stack is stay as they are', () => {
  const input = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`
  const call = { type: 'tool-call', id: 'c', name: 'f', input } as const
  const request = ask({ messages: [{ role: 'assistant', content: [call] }] })
  expect(createNormaliser()(request).messages[0]?.content[0]).toBe(call)
})

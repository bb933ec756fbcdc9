import { expect, test } from 'vitest'
import type { ChatPrompt, ChatTool } from '../chat-prompt.ts'
import type { NativeGrammar } from './binding.ts'
import { createConstrainer } from './constraint.ts'
import type { OutputFormat } from './output/output-format.ts'
import { toolCallTags } from './output/output-format.ts'

const look: ChatTool = {
  name: 'look',
  inputSchema: { type: 'object', properties: { at: { type: 'integer' } }, required: ['at'] },
}
const unique: ChatTool = {
  name: 'unique',
  inputSchema: { type: 'object', properties: { list: { type: 'array', uniqueItems: true } } },
}

const hermes: OutputFormat = { type: 'tagged', calls: toolCallTags }
const elements: OutputFormat = { type: 'tagged', calls: { ...toolCallTags, body: 'elements' } }
const bare: OutputFormat = { type: 'tagged', calls: { opens: [], body: 'json', isBare: true } }

const rendered = { text: '' }
const forced = { type: 'tool', name: 'look' } as const

/* The native side, which takes the grammars that a test lets it take. */
function compiler(takes: (count: number) => boolean): {
  compile: (source: string) => NativeGrammar
  sources: string[]
} {
  const sources: string[] = []
  return {
    sources,
    compile: source => {
      sources.push(source)
      if (!takes(sources.length)) throw new Error('it does not parse')
      return Object.create(null)
    },
  }
}

function ask(more: Partial<ChatPrompt>): ChatPrompt {
  return { messages: [], prefill: '', ...more }
}

test('a call that must be made is held to any object where the native engine refuses its grammar', () => {
  const { compile, sources } = compiler(count => count > 1)
  const plan = createConstrainer(hermes, compile).plan(ask({ tools: [look], toolChoice: forced }), rendered)
  expect(plan.answer).toBeDefined()
  expect(plan.losses).toMatchObject([{ field: 'tools', action: 'degraded' }])
  expect([...plan.checks.calls.keys()]).toEqual(['look'])
  expect(sources).toHaveLength(2)
})

test('a call that must be made is still asked for where the native engine refuses every grammar', () => {
  const { compile } = compiler(() => false)
  const plan = createConstrainer(hermes, compile).plan(ask({ tools: [look], toolChoice: { type: 'any' } }), rendered)
  expect(plan.answer).toBeUndefined()
  expect(plan.losses).toMatchObject([{ field: 'tools', action: 'degraded' }])
  expect([...plan.checks.calls.keys()]).toEqual(['look'])
})

test('what a grammar keeps is not checked, and what it leaves out is', () => {
  const constrainer = createConstrainer(hermes, compiler(() => true).compile)
  const plan = constrainer.plan(ask({ tools: [look, unique], toolChoice: { type: 'any' } }), rendered)
  expect([...plan.checks.calls.keys()]).toEqual(['unique'])
  expect(plan.losses).toEqual([])
})

test.each([
  { form: 'that is only read', format: elements, checked: ['look'] },
  { form: 'without a marker', format: bare, checked: ['look'] },
  { form: 'that a grammar holds', format: hermes, checked: [] },
])('a call of a strict tool is checked in a form $form', ({ format, checked }) => {
  const constrainer = createConstrainer(format, compiler(() => true).compile)
  const { checks } = constrainer.plan(ask({ tools: [{ ...look, isStrict: true }, unique] }), rendered)
  expect([...checks.calls.keys()]).toEqual(checked)
})

test('an answer is checked where its schema is not wholly kept', () => {
  const constrainer = createConstrainer(hermes, compiler(() => true).compile)
  const shape = (schema: ChatTool['inputSchema']) => ask({ responseFormat: { type: 'json-schema', schema } })
  expect(constrainer.plan(shape(look.inputSchema), rendered).checks.text).toBeUndefined()
  expect(constrainer.plan(shape(unique.inputSchema), rendered).checks.text).toMatchObject({
    field: 'responseFormat.schema',
  })
  expect(constrainer.plan(ask({ responseFormat: { type: 'json-object' } }), rendered).checks.text).toBeUndefined()
})

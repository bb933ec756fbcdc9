import { expect, test } from 'vitest'
import type { ChatPrompt } from '../chat-prompt.ts'
import { openAnswer } from './open-answer.ts'
import { thinkTags } from './output/output-format.ts'
import type { OutputFormat } from './output/output-format.ts'

const tagged: OutputFormat = { type: 'tagged', thinking: thinkTags }
const harmony: OutputFormat = { type: 'harmony' }
const open = (drawn: string, format: OutputFormat, prompt: Partial<ChatPrompt> = {}): unknown =>
  openAnswer(drawn, { format, prompt: { messages: [], prefill: '', ...prompt } })

const mustCall = { toolChoice: { type: 'any' } } as const

test('reasoning that the template opens is where the answer begins', () => {
  expect(open('<bot><think>\n', tagged)).toEqual({ text: '<bot><think>\n', begins: 'thinking' })
})

test('reasoning that the template opens is closed for those who want none', () => {
  expect(open('<bot><think>\n', tagged, { thinking: false })).toEqual({ text: '<bot><think>\n\n</think>\n\n' })
})

test('what the client has begun comes after reasoning', () => {
  expect(open('<bot><think>', tagged, { prefill: 'So' })).toEqual({ text: '<bot><think>\n\n</think>\n\nSo' })
  expect(open('<bot>', tagged, { prefill: 'So' })).toEqual({ text: '<bot>So' })
  expect(open('<bot>', { type: 'tagged' }, { prefill: 'So' })).toEqual({ text: '<bot>So' })
  expect(open('<bot>', harmony, { prefill: 'So' })).toEqual({
    text: '<bot><|channel|>final<|message|>So',
    begins: 'text',
  })
})

test('reasoning is opened where the answer after it must have a shape', () => {
  expect(open('<bot>', tagged, { thinking: true, ...mustCall })).toEqual({ text: '<bot><think>\n', begins: 'thinking' })
  expect(open('<bot>', tagged, { thinking: true })).toEqual({ text: '<bot>' })
  expect(open('<bot>', tagged, mustCall)).toEqual({ text: '<bot>' })
  expect(open('<bot>', harmony, { responseFormat: { type: 'json-object' } })).toEqual({
    text: '<bot><|channel|>analysis<|message|>',
    begins: 'thinking',
  })
  expect(open('<bot>', harmony, { thinking: false, ...mustCall })).toEqual({ text: '<bot>' })
})

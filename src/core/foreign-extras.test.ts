import { expect, test } from 'vitest'
import { foreignLosses } from './foreign-extras.ts'
import type { ModelRequest } from './request.ts'

const asked: ModelRequest = {
  model: 'm',
  system: [],
  messages: [],
  opaqueTools: [{ protocol: 'openai-responses', value: { type: 'web_search' } }],
  toolChoice: { type: 'any' },
}

const fields = (...given: Parameters<typeof foreignLosses>) => foreignLosses(...given).map(({ field }) => field)

test('a tool that must be called is a loss where none is left that could be', () => {
  expect(fields(asked, 'openai-chat')).toEqual(['tools.web_search', 'toolChoice'])
  expect(fields(asked)).toEqual(['tools.web_search', 'toolChoice'])
})

test('a tool that must be called is no loss where there is one, or where none must be', () => {
  expect(fields(asked, 'openai-responses')).toEqual([])
  expect(fields({ ...asked, tools: [{ name: 'f', inputSchema: {} }] })).toEqual(['tools.web_search'])
  expect(fields({ ...asked, toolChoice: { type: 'auto' } })).toEqual(['tools.web_search'])
})

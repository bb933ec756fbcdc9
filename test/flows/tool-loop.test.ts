import { join } from 'node:path'
import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEngine, temporaryFolder } from '../support/engine.ts'
import type { TestEngine } from '../support/engine.ts'
import { anthropicKinds, openOpenAI } from '../support/sdk-clients.ts'
import { start } from '../support/start-server.ts'
import { writeTinyModel } from '../support/tiny-model.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let models: TestEngine

beforeAll(async () => {
  folder = await temporaryFolder()
  const path = join(folder.path, 'm.gguf')
  await writeTinyModel(path)
  models = openEngine({ m: path })
})

afterAll(async () => {
  await models.engine.close()
  await folder.remove()
})

const schema = {
  type: 'object' as const,
  properties: { place: { type: 'string', enum: ['north', 'south'] } },
  required: ['place'],
  additionalProperties: false,
}

async function serve(): Promise<string> {
  const { port } = await start({ backends: [models.engine] })
  return `http://127.0.0.1:${port}`
}

test.each(anthropicKinds)('a tool is called and its result is answered, with $name', async ({ open }) => {
  const client = open(await serve())
  const tools = [{ name: 'look', input_schema: schema }]
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Look around.' }]
  const asked = { model: 'm', max_tokens: 200, tools, messages, tool_choice: { type: 'tool', name: 'look' } } as const
  const message = await client.messages.stream(asked).finalMessage()
  expect(message.stop_reason).toBe('tool_use')
  const [call] = message.content
  expect(call).toMatchObject({
    type: 'tool_use',
    name: 'look',
    input: { place: expect.stringMatching(/^north|south$/) },
  })
  const id = call?.type === 'tool_use' ? call.id : ''
  const result = { type: 'tool_result', tool_use_id: id, content: 'a lighthouse' } as const
  const turns: Anthropic.MessageParam[] = [
    ...messages,
    { role: 'assistant', content: message.content },
    { role: 'user', content: [result] },
  ]
  const next = await client.messages.create({ model: 'm', max_tokens: 16, tools, messages: turns })
  const { input_tokens: counted } = await client.messages.countTokens({ model: 'm', tools, messages: turns })
  const { usage } = next
  expect(usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0)).toBe(
    counted,
  )
})

test('a tool is called and its result is answered, with the OpenAI SDK', async () => {
  const client = openOpenAI(await serve())
  const tools = [{ type: 'function' as const, function: { name: 'look', parameters: schema } }]
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Look around.' }]
  const asked = {
    model: 'm',
    max_tokens: 200,
    tools,
    messages,
    tool_choice: 'required',
    parallel_tool_calls: false,
  } as const
  const [choice] = (await client.chat.completions.stream(asked).finalChatCompletion()).choices
  expect(choice?.finish_reason).toBe('tool_calls')
  const calls = choice?.message.tool_calls ?? []
  expect(calls).toMatchObject([{ type: 'function', function: { name: 'look' } }])
  const [call] = calls
  const input: unknown = call?.type === 'function' ? JSON.parse(call.function.arguments) : undefined
  expect(input).toEqual({ place: expect.stringMatching(/^north|south$/) })
  const next = await client.chat.completions.create({
    model: 'm',
    max_tokens: 16,
    tools,
    messages: [
      ...messages,
      { role: 'assistant', tool_calls: calls },
      { role: 'tool', tool_call_id: call?.id ?? '', content: 'a lighthouse' },
    ],
  })
  expect(next.usage?.completion_tokens).toBe(16)
})

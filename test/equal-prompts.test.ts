import { expect, test } from 'vitest'
import { toChatPrompt } from '../src/engine/chat-prompt.ts'
import { createNormaliser } from '../src/engine/normalise/normalise.ts'
import { anthropicMessages } from '../src/protocols/anthropic-messages/index.ts'
import { openaiChat } from '../src/protocols/openai-chat/index.ts'

const normalise = createNormaliser()

function anthropic(fields: object): unknown {
  const body = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }], ...fields }
  return toChatPrompt(normalise(anthropicMessages.server.decodeRequest(body, {}).request))
}

function openai(fields: object): unknown {
  return toChatPrompt(normalise(openaiChat.server.decodeRequest({ model: 'm', ...fields }, {}).request))
}

const marked = { type: 'text', cache_control: { type: 'ephemeral' } }

test('content as a string and as one text block with a breakpoint make the same prompt', () => {
  expect(anthropic({ messages: [{ role: 'user', content: [{ ...marked, text: 'Hi' }] }] })).toEqual(anthropic({}))
  expect(anthropic({ system: [{ ...marked, text: 'Be brief.' }] })).toEqual(anthropic({ system: 'Be brief.' }))
})

test('a billing line makes no difference', () => {
  const billed = (hash: string) =>
    anthropic({
      system: [
        { type: 'text', text: `x-anthropic-billing-header: cch=${hash};` },
        { ...marked, text: 'A' },
      ],
    })
  expect(billed('1')).toEqual(billed('2'))
  expect(billed('1')).toEqual(anthropic({ system: 'A' }))
})

test('a conversation makes the same prompt over either protocol', () => {
  const messages = [
    { role: 'user', content: 'One' },
    { role: 'assistant', content: 'Two' },
    { role: 'user', content: 'Three' },
  ]
  expect(openai({ messages: [{ role: 'system', content: 'Be brief.' }, ...messages] })).toEqual(
    anthropic({ system: 'Be brief.', messages }),
  )
})

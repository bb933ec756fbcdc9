import { describe, expect, test } from 'vitest'
import { ModelError } from '../../src/core/errors.ts'
import { frames, post } from '../support/http-client.ts'
import { begins, ends, says, scripted, text, type Step } from '../support/scripted-backend.ts'
import { hello, start } from '../support/start-server.ts'

const streaming = { ...hello, stream: true }
const lost: Step = { fail: new ModelError('unavailable', 'the model ran out of memory') }

const thinking: Step[] = [
  { type: 'start', id: 'upstream-0', model: 'first-model', usage: { inputTokens: 99 } },
  { type: 'block-start', index: 0, block: { type: 'thinking' } },
  { type: 'thinking-delta', index: 0, text: 'hm' },
]

describe('a model that fails before its client saw anything', () => {
  test.each(['/v1/messages', '/v1/chat/completions'])('is replaced unseen in a stream of POST %s', async path => {
    const first = scripted({ name: 'first', steps: [lost] })
    const second = scripted({ name: 'second', steps: says('Good', ' day') })
    const alone = await start({ backends: [scripted({ steps: says('Good', ' day') })] })
    const { port, log } = await start({ backends: [first, second] })
    const reply = await post(port, path, streaming)
    expect(reply).toMatchObject({ status: 200, text: (await post(alone.port, path, streaming)).text })
    expect([first.closed, second.closed]).toEqual([1, 1])
    const why = 'the model ran out of memory'
    const attempts = [{ target: 'local/m', failure: 'unavailable', why }, { target: 'local/m' }]
    expect(log).toMatchObject([{ outcome: 'answered', target: 'local/m', attempts }])
  })

  test.each(['/v1/messages', '/v1/chat/completions'])(
    'is replaced unseen in a stream of POST %s after its start was read',
    async path => {
      const first = scripted({ steps: [...thinking.slice(0, 2), lost] })
      const alone = await start({ backends: [scripted({ steps: says('Good') })] })
      const { port } = await start({ backends: [first, scripted({ steps: says('Good') })] })
      expect((await post(port, path, streaming)).text).toBe((await post(alone.port, path, streaming)).text)
    },
  )

  test.each(['/v1/messages', '/v1/chat/completions'])(
    'is replaced unseen in a whole answer of POST %s, at any point',
    async path => {
      const failing = [...begins('first-model'), text('half'), lost]
      const { port } = await start({ backends: [scripted({ steps: failing }), scripted({ steps: says('whole') })] })
      const reply = await post(port, path, hello)
      expect(reply.status).toBe(200)
      expect(reply.text).toContain('whole')
      expect(reply.text).not.toMatch(/half|first-model/)
    },
  )

  test.each([
    ['/v1/messages', { type: 'error', error: { type: 'api_error' } }],
    ['/v1/chat/completions', { error: { type: 'server_error' } }],
  ])('and whose successor fails too is a plain error of POST %s', async (path, body) => {
    const { port } = await start({ backends: [scripted({ steps: [lost] }), scripted({ steps: [lost] })] })
    for (const question of [hello, streaming]) {
      const reply = await post(port, path, question)
      expect(reply).toMatchObject({ status: 503, json: body })
      expect(reply.json.error.message).toBe('2 attempts failed in turn; the last one: the model ran out of memory')
    }
  })
})

test.each(['/v1/messages', '/v1/chat/completions'])(
  'a model that fails after its client saw something is not replaced in a stream of POST %s',
  async path => {
    const second = scripted({ steps: says('Good') })
    const { port } = await start({ backends: [scripted({ steps: [...begins(), text('half'), lost] }), second] })
    const { text: received } = await post(port, path, streaming)
    expect(received).toContain('half')
    expect(frames(received).at(-1)?.data).toMatchObject({ error: { message: 'the model ran out of memory' } })
    expect(second.requests).toEqual([])
  },
)

describe('a whole answer is the fold of its stream', () => {
  const steps: Step[] = [...begins(), text('Grüße, '), text('日本語 '), text('😀'), ...ends(3)]

  test('over Messages', async () => {
    const { port } = await start({ backends: [scripted({ steps })] })
    const whole = (await post(port, '/v1/messages', hello)).json
    const events = frames((await post(port, '/v1/messages', streaming)).text)
    // oxlint-disable-next-line typescript/no-explicit-any -- the shape is what is tested
    const data = events.map(event => event.data as any)
    const folded = data.filter(({ type }) => type === 'content_block_delta').map(({ delta }) => delta.text)
    expect(folded.join('')).toBe(whole.content[0].text)
    const begun = data.find(({ type }) => type === 'message_start').message
    const ended = data.find(({ type }) => type === 'message_delta')
    expect(ended.delta.stop_reason).toBe(whole.stop_reason)
    expect({ ...begun.usage, ...ended.usage }).toMatchObject({
      input_tokens: whole.usage.input_tokens,
      output_tokens: whole.usage.output_tokens,
    })
  })

  test('over Chat Completions', async () => {
    const { port } = await start({ backends: [scripted({ steps })] })
    const whole = (await post(port, '/v1/chat/completions', hello)).json
    const { text: received } = await post(port, '/v1/chat/completions', {
      ...streaming,
      stream_options: { include_usage: true },
    })
    // oxlint-disable-next-line typescript/no-explicit-any -- the shape is what is tested
    const chunks = frames(received).map(({ data }) => data as any)
    expect(chunks.at(-1)).toBe('[DONE]')
    const choices = chunks.slice(0, -1).flatMap(chunk => chunk.choices)
    expect(choices.map(choice => choice.delta.content ?? '').join('')).toBe(whole.choices[0].message.content)
    expect(choices.at(-1).finish_reason).toBe(whole.choices[0].finish_reason)
    expect(chunks.at(-2).usage).toEqual(whole.usage)
  })
})

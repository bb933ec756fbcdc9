import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { ask, post } from '../support/http-client.ts'
import { runProgram } from '../support/run-program.ts'
import { startUpstream } from '../support/scripted-upstream.ts'

const answer = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'small',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
}
const path = '/v1/chat/completions'
const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

/** An engine at home that a test may take down, with a cloud behind it. */
async function served() {
  let isDown = true
  const reply = (response: ServerResponse) =>
    response.writeHead(isDown ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  const engine = await startUpstream(reply)
  const cloud = await startUpstream({ body: answer })
  onTestFinished(async () => {
    await engine[Symbol.asyncDispose]()
    await cloud[Symbol.asyncDispose]()
  })
  const { port } = await runProgram(`
providers:
  box: { kind: vllm, url: '${engine.origin}', check-every: 1s }
  cloud: { kind: openai-compatible, url: '${cloud.origin}/v1', key: k }
routes: [{ name: all, match: { model: m }, targets: [box/small, cloud/large] }]
`)
  const asked = () => engine.seen.map(({ method, path }) => `${method} ${path}`)
  return { port, asked, cloud, mend: () => (isDown = false) }
}

/** Takes the first target down, as its clients notice. */
async function failAll(port: number): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    expect((await post(port, path, body)).headers['x-duologue-target']).toBe('cloud/large')
  }
}

async function firstTarget(port: number): Promise<string> {
  const told = await ask(port, { method: 'POST', path: `/duologue/explain/route${path}`, body })
  return told.json.targets[0].provider
}

test('an engine that was down is asked again once a check finds it well, and no client is sent to find out', async () => {
  const { port, asked, mend } = await served()
  await failAll(port)
  expect(await firstTarget(port)).toBe('cloud')
  const byClients = asked()
  expect(new Set(byClients)).toEqual(new Set(['POST /v1/chat/completions']))
  while (asked().length < byClients.length + 2) await pause(20)
  expect(await firstTarget(port)).toBe('cloud')
  mend()
  while ((await firstTarget(port)) !== 'box') await pause(20)
  const checks = asked().slice(byClients.length)
  expect(new Set(checks)).toEqual(new Set(['GET /health']))
  expect((await post(port, path, body)).headers['x-duologue-target']).toBe('box/small')
})

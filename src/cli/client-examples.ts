/** Gives examples to copy: how to ask a model over each API. */
export function clientExamples(url: string, model: string): string {
  return `
curl:
  curl ${url}/v1/messages -H 'content-type: application/json' \\
    -d '{"model":"${model}","max_tokens":200,"messages":[{"role":"user","content":"What is gravity?"}]}'

Anthropic SDK:
  import Anthropic from '@anthropic-ai/sdk'
  const anthropic = new Anthropic({ baseURL: '${url}', apiKey: 'any' })
  const stream = anthropic.messages.stream({
    model: '${model}', max_tokens: 200, messages: [{ role: 'user', content: 'What is gravity?' }],
  })
  stream.on('text', text => process.stdout.write(text))

OpenAI SDK:
  import OpenAI from 'openai'
  const openai = new OpenAI({ baseURL: '${url}/v1', apiKey: 'any' })
  const chunks = await openai.chat.completions.create({
    model: '${model}', stream: true, messages: [{ role: 'user', content: 'What is gravity?' }],
  })
  for await (const chunk of chunks) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
`
}

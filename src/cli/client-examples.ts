export interface Served {
  readonly url: string
  readonly model: string
  /** Whether clients must send a key. The examples do not show it. */
  readonly needsKey: boolean
}

/** Gives examples to copy: how to ask a model over each API. */
export function clientExamples({ url, model, needsKey }: Served): string {
  const header = needsKey ? ` -H 'x-api-key: YOUR_KEY'` : ''
  const key = needsKey ? 'YOUR_KEY' : 'unused'
  return `
curl:
  curl ${url}/v1/messages \\
    -H 'content-type: application/json'${header} \\
    -d '{"model":"${model}","max_tokens":200,"messages":[{"role":"user","content":"What is gravity?"}]}'

Anthropic SDK:
  import Anthropic from '@anthropic-ai/sdk'
  const anthropic = new Anthropic({ baseURL: '${url}', apiKey: '${key}' })
  const stream = anthropic.messages.stream({
    model: '${model}', max_tokens: 200, messages: [{ role: 'user', content: 'What is gravity?' }],
  })
  stream.on('text', text => process.stdout.write(text))

OpenAI SDK, Chat Completions:
  import OpenAI from 'openai'
  const openai = new OpenAI({ baseURL: '${url}/v1', apiKey: '${key}' })
  const chunks = await openai.chat.completions.create({
    model: '${model}', stream: true, messages: [{ role: 'user', content: 'What is gravity?' }],
  })
  for await (const chunk of chunks) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

OpenAI SDK, Responses:
  import OpenAI from 'openai'
  const { responses } = new OpenAI({ baseURL: '${url}/v1', apiKey: '${key}' })
  const response = await responses.create({ model: '${model}', input: 'What is gravity?' })
  console.log(response.output_text)
`
}

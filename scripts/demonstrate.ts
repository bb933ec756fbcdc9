import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

const model = 'starter'
const question = 'What is gravity?'
const maxTokens = 60

/**
 * Asks the starter model one question through each API, with the official SDKs, and prints the answers as they come.
 * Throws where an SDK does, or where an answer is empty.
 */
export async function demonstrate(url: string): Promise<void> {
  print(`\nAnthropic SDK, Messages: ${question}\n`)
  await askMessages(url)
  print(`\nOpenAI SDK, Chat Completions: ${question}\n`)
  await askChat(url)
  print(`\nOpenAI SDK, Responses: ${question}\n`)
  await askResponses(url)
  print('\nAll three answers came from the model on this machine.\n')
}

async function askMessages(url: string): Promise<void> {
  const anthropic = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 })
  const stream = anthropic.messages.stream({
    model,
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: question }],
  })
  let text = ''
  stream.on('text', piece => {
    text += piece
    print(piece)
  })
  const { stop_reason, usage } = await stream.finalMessage()
  const inputTokens = usage.input_tokens + (usage.cache_read_input_tokens ?? 0)
  conclude(text, `${stop_reason}; ${inputTokens} tokens in, ${usage.output_tokens} out`)
}

async function askChat(url: string): Promise<void> {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const chunks = await openai.chat.completions.create({
    model,
    max_tokens: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: question }],
  })
  let [text, reason, cost] = ['', '', '']
  for await (const { choices, usage } of chunks) {
    const piece = choices[0]?.delta.content ?? ''
    text += piece
    print(piece)
    reason = choices[0]?.finish_reason ?? reason
    if (usage) cost = `${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`
  }
  conclude(text, `${reason}; ${cost}`)
}

async function askResponses(url: string): Promise<void> {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const stream = openai.responses.stream({ model, max_output_tokens: maxTokens, store: false, input: question })
  stream.on('response.output_text.delta', ({ delta }) => print(delta))
  const { output_text, status, incomplete_details, usage } = await stream.finalResponse()
  const reason = incomplete_details?.reason ?? status
  conclude(output_text, `${reason}; ${usage?.input_tokens} tokens in, ${usage?.output_tokens} out`)
}

function conclude(text: string, remark: string): void {
  if (text.trim() === '') throw new Error('the answer is empty')
  print(`\n(${remark})\n`)
}

function print(text: string): void {
  process.stdout.write(text)
}

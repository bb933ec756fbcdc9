import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

const model = 'starter'
const question = 'What is gravity?'
const maxTokens = 60

/** Asks the starter model one question through each official SDK, and prints the answers as they come. */
export async function demonstrate(url: string): Promise<void> {
  print(`\nAnthropic SDK: ${question}\n`)
  await askAnthropic(url)
  print(`\n\nOpenAI SDK: ${question}\n`)
  await askOpenai(url)
  print('\n\nBoth answers came from the model on this machine.\n')
}

async function askAnthropic(url: string): Promise<void> {
  const anthropic = new Anthropic({ baseURL: url, apiKey: 'any' })
  const stream = anthropic.messages.stream({
    model,
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: question }],
  })
  stream.on('text', print)
  const { stop_reason, usage } = await stream.finalMessage()
  print(
    `\n(${stop_reason}; ${usage.input_tokens + (usage.cache_read_input_tokens ?? 0)} tokens in, ${usage.output_tokens} out)`,
  )
}

async function askOpenai(url: string): Promise<void> {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' })
  const chunks = await openai.chat.completions.create({
    model,
    max_tokens: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: question }],
  })
  for await (const { choices, usage } of chunks) {
    print(choices[0]?.delta.content ?? '')
    const reason = choices[0]?.finish_reason
    if (reason) print(`\n(${reason}; `)
    if (usage) print(`${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out)`)
  }
}

function print(text: string): void {
  process.stdout.write(text)
}

import Anthropic from '@anthropic-ai/sdk'

const anthropic = new Anthropic({ baseURL: 'http://127.0.0.1:7272', apiKey: 'unused' })
const stream = anthropic.messages.stream({
  model: 'starter',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Why is the sky blue?' }],
})
stream.on('text', text => process.stdout.write(text))
await stream.finalMessage()

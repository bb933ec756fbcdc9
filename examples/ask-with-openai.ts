import OpenAI from 'openai'

const openai = new OpenAI({ baseURL: 'http://127.0.0.1:7272/v1', apiKey: 'unused' })
const stream = await openai.chat.completions.create({
  model: 'starter',
  messages: [{ role: 'user', content: 'Why is the sky blue?' }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

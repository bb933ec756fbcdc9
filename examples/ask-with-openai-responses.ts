import OpenAI from 'openai'

const { responses } = new OpenAI({ baseURL: 'http://127.0.0.1:7272/v1', apiKey: 'unused' })
const first = await responses.create({ model: 'starter', input: 'Why is the sky blue?' })
const second = await responses.create({ model: 'starter', input: 'In one word?', previous_response_id: first.id })
console.log(first.output_text, second.output_text)

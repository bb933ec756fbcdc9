import { parentPort, workerData } from 'node:worker_threads'
import { request } from 'undici'

/** What the clients do at once. Prompts of different `salt` share nothing. */
export interface Load {
  readonly url: string
  readonly model: string
  readonly clients: number
  readonly promptWords: number
  readonly outputTokens: number
  readonly salt: string
  /** Tokens that end an answer; they are made unlikely, so that every answer has its full length. */
  readonly endTokens: readonly number[]
}

/** What one client saw. Times are in milliseconds since the load began. */
export interface Outcome {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly firstMs: number
  readonly lastMs: number
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[]
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null
}

// oxlint-disable-next-line no-unsafe-type-assertion -- bench/engine.ts starts this file with a Load
const load = workerData as Load
const began = performance.now()
parentPort?.postMessage(await Promise.all(Array.from({ length: load.clients }, (_, client) => ask(client))))

async function ask(client: number): Promise<Outcome> {
  const { body } = await request(`${load.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    headersTimeout: 0,
    bodyTimeout: 0,
    body: JSON.stringify(toRequest(client)),
  })
  const outcome = { inputTokens: 0, outputTokens: 0, firstMs: 0, lastMs: 0 }
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + String(bytes)).split('\n')
    rest = lines.pop() ?? ''
    // oxlint-disable-next-line no-unsafe-type-assertion -- the server under measurement writes chunks
    for (const line of lines) if (line.startsWith('data: {')) note(JSON.parse(line.slice(6)) as Chunk, outcome)
  }
  return outcome
}

function toRequest(client: number): object {
  const words = Array.from({ length: load.promptWords }, (_, index) => `${load.salt}${(index * 7919) % 1000}`)
  return {
    model: load.model,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: load.outputTokens,
    logit_bias: Object.fromEntries(load.endTokens.map(token => [token, -100])),
    messages: [{ role: 'user', content: `Client ${client}. ${words.join(' ')}` }],
  }
}

function note({ choices, usage }: Chunk, outcome: { -readonly [Key in keyof Outcome]: number }): void {
  if ((choices[0]?.delta.content ?? '') !== '') {
    outcome.lastMs = performance.now() - began
    outcome.firstMs ||= outcome.lastMs
  }
  if (usage) Object.assign(outcome, { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens })
}

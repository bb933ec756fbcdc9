import { parentPort, workerData } from 'node:worker_threads'
import { request } from 'undici'

/** What some clients ask a server, each as soon as it may. */
export interface Load {
  readonly url: string
  readonly model: string
  /** Tokens that end an answer; they are made unlikely, so that every answer has its full length. */
  readonly endTokens: readonly number[]
  readonly asks: readonly Ask[]
}

/** One client's request. Clients are named by their place in the list. */
export interface Ask {
  readonly prompt: string
  readonly outputTokens: number
  /** Asks once this client has so many tokens. */
  readonly after?: { readonly client: number; readonly tokens: number }
  /** Leaves when this client has its whole answer. */
  readonly until?: number
}

/** What one client saw. Times are in milliseconds since the load began. */
export interface Outcome {
  readonly inputTokens: number
  readonly sentMs: number
  /** When each token arrived. */
  readonly tokenMs: readonly number[]
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[]
  readonly usage?: { readonly prompt_tokens: number } | null
}

/** A client at work. */
class Client {
  readonly #ask: Ask
  readonly #waiting: { readonly tokens: number; readonly go: () => void }[] = []
  readonly #leaving = new AbortController()
  readonly tokenMs: number[] = []
  readonly outcome: Promise<Outcome>
  #inputTokens = 0

  constructor(ask: Ask, before: readonly Client[]) {
    this.#ask = ask
    this.outcome = this.#work(before)
  }

  /** Settles once it has so many tokens. */
  async reached(tokens: number): Promise<void> {
    if (this.tokenMs.length >= tokens) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ tokens, go: resolve })
    return promise
  }

  leave(): void {
    this.#leaving.abort()
  }

  async #work(before: readonly Client[]): Promise<Outcome> {
    const { after } = this.#ask
    if (after) await before[after.client]?.reached(after.tokens)
    const sentMs = now()
    try {
      for await (const chunk of this.#chunks()) this.#note(chunk)
    } catch (error) {
      if (!this.#leaving.signal.aborted) throw error
    }
    return { inputTokens: this.#inputTokens, sentMs, tokenMs: this.tokenMs }
  }

  async *#chunks(): AsyncGenerator<Chunk> {
    const { prompt, outputTokens } = this.#ask
    const { statusCode, body } = await request(`${load.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      headersTimeout: 0,
      bodyTimeout: 0,
      signal: this.#leaving.signal,
      body: JSON.stringify({
        model: load.model,
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: outputTokens,
        // The same work for every server: each brings its own defaults.
        temperature: 0.8,
        top_p: 0.95,
        logit_bias: Object.fromEntries(load.endTokens.map(token => [token, -100])),
        messages: [{ role: 'user', content: prompt }],
      }),
    })
    if (statusCode !== 200) throw new Error(`${load.url} answers ${statusCode}: ${await body.text()}`)
    let rest = ''
    for await (const bytes of body) {
      const lines = (rest + String(bytes)).split('\n')
      rest = lines.pop() ?? ''
      // oxlint-disable-next-line no-unsafe-type-assertion -- the server under measurement writes chunks
      for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice(6)) as Chunk
    }
  }

  #note({ choices, usage }: Chunk): void {
    if ((choices[0]?.delta.content ?? '') !== '') {
      this.tokenMs.push(now())
      for (const { tokens, go } of this.#waiting) if (tokens === this.tokenMs.length) go()
    }
    if (usage) this.#inputTokens = usage.prompt_tokens
  }
}

function now(): number {
  return performance.now() - began
}

// oxlint-disable-next-line no-unsafe-type-assertion -- bench/engine-target.ts starts this file with a Load
const load = workerData as Load
const began = performance.now()
const clients: Client[] = []
for (const ask of load.asks) clients.push(new Client(ask, clients))
for (const [index, { until }] of load.asks.entries()) {
  if (until !== undefined) void clients[until]?.outcome.then(() => clients[index]?.leave())
}
parentPort?.postMessage(await Promise.all(clients.map(client => client.outcome)))

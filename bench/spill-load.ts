import { setTimeout as delay } from 'node:timers/promises'

/** What one client saw. */
export interface Reading {
  /** Until the first piece of the answer's text. */
  readonly firstMs: number
  readonly wholeMs: number
  /** Whether the model that is here answered. */
  readonly isHere: boolean
}

/* One prompt in three is long; no two begin alike. */
const [longLetters, shortLetters] = [3000, 200]
let asked = 0

/** Asks one request after the other. */
export async function askInTurn(url: string, requests: number): Promise<readonly Reading[]> {
  const readings: Reading[] = []
  for (let count = 0; count < requests; count += 1) readings.push(await ask(url))
  return readings
}

/** Asks requests at a steady pace, whatever becomes of those before. */
export async function askSteadily(
  url: string,
  { requests, everyMs }: { readonly requests: number; readonly everyMs: number },
): Promise<readonly Reading[]> {
  const readings: Promise<Reading>[] = []
  for (let count = 0; count < requests; count += 1) {
    readings.push(ask(url))
    await delay(everyMs)
  }
  return Promise.all(readings)
}

async function ask(url: string): Promise<Reading> {
  asked += 1
  const content = `${asked} ${'words and '.repeat((asked % 3 === 0 ? longLetters : shortLetters) / 10)}`
  const body = JSON.stringify({ model: 'model', max_tokens: 32, stream: true, messages: [{ role: 'user', content }] })
  const began = performance.now()
  const reply = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  if (!reply.ok || !reply.body) throw new Error(`status ${reply.status}: ${await reply.text()}`)
  let firstMs: number | undefined
  let heard = ''
  for await (const piece of reply.body.pipeThrough(new TextDecoderStream())) {
    if (firstMs === undefined) heard += piece
    if (heard.includes('content_block_delta')) firstMs ??= performance.now() - began
  }
  if (firstMs === undefined) throw new Error(`no answer: ${heard}`)
  return { firstMs, wholeMs: performance.now() - began, isHere: heard.includes('"model":"model"') }
}

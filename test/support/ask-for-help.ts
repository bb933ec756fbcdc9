import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { anthropicAsking, chatAsking } from './ask-anything.ts'
import type { Asking, AskOptions } from './ask-anything.ts'
import { checkReply } from './faults/check-reply.ts'
import type { Got } from './faults/check-reply.ts'
import { withoutIds } from './faults/judge.ts'
import { keptKey, openKey } from './helped-engine.ts'
import type { HelpedEngine } from './helped-engine.ts'
import { anthropicKinds } from './sdk-clients.ts'
import type { ServedProviders } from './serve-providers.ts'

/** What became of one request, as its client and the log tell it. */
export interface Told {
  readonly status: number
  /** Which target answered, as `provider/model`. */
  readonly target: string | undefined
  /** What the log says of each attempt, where there were several. */
  readonly attempts: readonly string[]
  /** What a client was told that got no answer. */
  readonly message: string | undefined
  /** Whether the client was told when to come back. */
  readonly saysWhen: boolean
  /** What is wrong with the reply itself. */
  readonly faults: readonly string[]
  /** What keeps it here, as a client is told where no model here can be asked. */
  readonly keeper?: string
}

/** Each official client, streamed and not. */
const askings: readonly Asking[] = [
  ...anthropicKinds.slice(-1).flatMap(kind => [anthropicAsking(kind, true), anthropicAsking(kind, false)]),
  chatAsking(true),
  chatAsking(false),
]

interface Asked {
  readonly served: ServedProviders
  readonly model: string
  readonly options: AskOptions
}

/** Asks with every client where the cloud may help, and finds fault with help that a client could tell from an answer of the cloud's own. */
export async function askHelped(
  there: HelpedEngine,
  model: string,
  options: AskOptions = {},
): Promise<readonly Told[]> {
  const ask = { served: there.open, options: { key: openKey, ...options } }
  return Promise.all(
    askings.map(async asking => {
      const [told, text] = await tell(asking, { ...ask, model })
      if (told.target !== 'cloud/large') return told
      const [, direct] = await tell(asking, { ...ask, model: 'cloud/large' })
      return text === direct ? told : { ...told, faults: [...told.faults, `not as of the cloud: ${text}`] }
    }),
  )
}

/** Asks with every client in every way in which the request must stay. */
export async function askKept(there: HelpedEngine, model: string, options: AskOptions = {}): Promise<readonly Told[]> {
  const all = waysToKeep(there, model).flatMap(({ served, keeper, ...own }) =>
    askings.map(async asking => {
      const [told] = await tell(asking, { served, model, options: { key: openKey, ...options, ...own } })
      return { ...told, keeper }
    }),
  )
  return Promise.all(all)
}

interface WayToKeep extends AskOptions {
  readonly served: ServedProviders
  readonly keeper: string
}

function waysToKeep({ open, closed }: HelpedEngine, model: string): readonly WayToKeep[] {
  const header = { 'x-duologue-local-only': 'yes' }
  return [
    { served: open, headers: header, keeper: 'the request itself asks to stay local' },
    { served: open, headers: { 'x-team': 'legal' }, keeper: `the rule "private ${model}" is local-only` },
    { served: open, key: keptKey, keeper: 'the key "kept" is local-only' },
    { served: closed, keeper: 'the settings of this server are local-only' },
  ]
}

let count = 0

/* No two requests are the same: a repetition would be taken for one. */
async function tell(asking: Asking, { served, model, options }: Asked): Promise<readonly [Told, string]> {
  count += 1
  const { maxTokens = 8 } = options
  const text = `${options.text ?? 'What is the weather in Oslo?'} (${count})`
  const { got, failure } = await hear(asking, { served, model, options: { ...options, text, maxTokens } })
  const target = got.headers.get('x-duologue-target') ?? undefined
  const { type, faults } = await checkReply(asking.protocol, got, false)
  const differs =
    (type === 'answered') === (failure === undefined) ? [] : [`its client takes it otherwise: ${got.text}`]
  const told = {
    status: got.status,
    target,
    attempts: await attemptsOf(served, got),
    message: failure && messageIn(got.text),
    saysWhen: got.headers.has('retry-after'),
    faults: [...faults, ...differs],
  }
  return [told, withoutIds(got.text)]
}

interface Heard {
  readonly got: Got
  /** What the client made of a reply that is no answer. */
  readonly failure?: Error
}

async function hear(asking: Asking, { served, model, options }: Asked): Promise<Heard> {
  const kept: Got[] = []
  const keep: typeof fetch = async (...what) => {
    const response = await fetch(...what)
    const { status, headers } = response
    const text = await response.text()
    kept.push({ status, headers, text })
    return new Response(text, { status, headers })
  }
  const failure = await asking.ask(served.url, model, { ...options, fetch: keep }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const [got] = kept
  if (!got) throw new Error('there was no reply', { cause: failure })
  return { got, ...(failure instanceof Error && { failure }) }
}

/** Expects the same of every request. */
export function expectAll(told: readonly Told[], expected: Partial<Told>): void {
  expect(told).toMatchObject(told.map(() => expected))
}

/** What an upstream looks like that nobody connected to. */
export const untouched = { everConnected: 0, receivedBytes: 0 }

/** A request that the cloud answered, with what the log says of the attempts where there were several. */
export function fromCloud(attempts: readonly string[] = []): Partial<Told> {
  return { status: 200, target: 'cloud/large', attempts, message: undefined, faults: [] }
}

/** A request that a model here answered. */
export function fromHere(model: string): Partial<Told> {
  return { status: 200, target: `local/${model}`, message: undefined, faults: [] }
}

/** A request that was refused in the words of its protocol. */
export function refused(status: number, message: RegExp): Partial<Told> {
  return { status, message: expect.stringMatching(message), faults: [] }
}

/* The last thing that is told, in a stream or as a whole. */
function messageIn(text: string): string | undefined {
  const last =
    text
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/^data: /, '') ?? ''
  return (JSON.parse(last) as { readonly error?: { readonly message: string } }).error?.message
}

function describe({ target, failure }: { readonly target: string; readonly failure?: string }): string {
  return failure === undefined ? target : `${target} failed: ${failure}`
}

/* The line of a request comes after its reply. */
async function attemptsOf(served: ServedProviders, { headers }: Got): Promise<readonly string[]> {
  const requestId = headers.get('x-request-id')
  for (;;) {
    const line = served.log.find(line => line['requestId'] === requestId)
    const attempts = line?.['attempts']
    if (line) return Array.isArray(attempts) && attempts.length > 1 ? attempts.map(describe) : []
    await pause(2)
  }
}

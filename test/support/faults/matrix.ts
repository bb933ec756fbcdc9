import type { ProtocolId } from '../../../src/core/extras.ts'
import { bodies, paths, streaming } from '../ask-anything.ts'
import { play, startUpstream } from '../scripted-upstream.ts'
import type { ScriptedUpstream, SeenRequest, StreamScript, WholeScript } from '../scripted-upstream.ts'
import { serveProviders } from '../serve-providers.ts'
import { askedOf, inOnePiece, spoken } from '../speaking.ts'
import type { Got } from './check-reply.ts'
import { faultsAtEvents, faultsOfAll, faultyStream, faultyWhole } from './fault.ts'
import type { Fault } from './fault.ts'
import { foresee } from './foresee.ts'
import type { Outcome } from './foresee.ts'
import { judge, withoutIds } from './judge.ts'
import { directName, nextName, placeOf, providersOf, rulesOf } from './places.ts'

type Client = keyof typeof spoken

/** A kept stream with the kind of provider that it is of. */
export interface Source {
  readonly name: string
  readonly kind: string
  readonly protocol: ProtocolId
  readonly isRelayed: boolean
  readonly stream: StreamScript
}

export interface MatrixOptions {
  readonly sources: readonly Source[]
  /** Those that answer in place of one that fails; each takes its turn, and then nobody. */
  readonly healthy: readonly Source[]
  /** How long a client waits for its headers. */
  readonly headersAfterMs?: number
  /** Takes one of so many cases. */
  readonly every?: number
  /** And of those in which an answer is sent as a whole, one of so many. */
  readonly everyWhole?: number
  readonly together?: number
}

/** What came of all cases. */
export interface MatrixResult {
  readonly cases: number
  readonly outcomes: Readonly<Record<Outcome | 'refused', number>>
  /** What was wrong, one line each. */
  readonly faults: readonly string[]
  /** Requests that arrived at upstreams, for each that had to. */
  readonly amplification: number
  /** All replies with their headers, and the log. */
  readonly told: string
}

/** One thing that goes wrong for one client. */
export interface Case {
  readonly id: string
  readonly source: Source
  readonly fault: Fault
  readonly client: Client
  readonly isStreaming: boolean
  /** Nobody, where absent. */
  readonly next: Source | undefined
}

/* On a busy machine, two seconds may pass before an upstream is heard. */
const patientMs = 20_000

/** Breaks every stream at every event in every way for every client, and looks at what clients are told. */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const wholes = await wholesOf([...options.sources, ...options.healthy])
  const run = new MatrixRun(options, wholes)
  await using first = await startUpstream((response, request) => run.fail(response, request))
  await using next = await startUpstream((response, request) => run.speak(response, request))
  await using served = await serveProviders({
    providers: providersOf(options, { first: first.origin, next: next.origin }),
    rules: rulesOf(options),
    headersAfterMs: options.headersAfterMs ?? patientMs,
  })
  await run.all(served.url)
  return { ...run.result(), amplification: amplification([first, next]), told: run.replies + served.logText() }
}

/** Requests that arrived, for each that had to. */
function amplification(upstreams: readonly ScriptedUpstream[]): number {
  const seen = upstreams.map(({ seen }) => seen.map(request => askedOf(request).model))
  const wanted = seen.reduce((sum, models) => sum + new Set(models).size, 0)
  return seen.reduce((sum, models) => sum + models.length, 0) / wanted
}

async function wholesOf(sources: readonly Source[]): Promise<ReadonlyMap<Source, WholeScript>> {
  const pairs = sources.map(async source => [source, await inOnePiece(source.protocol, source.stream)] as const)
  return new Map(await Promise.all(pairs))
}

function allCases({ sources, healthy, every = 1, everyWhole = 1 }: MatrixOptions): readonly Case[] {
  const nexts = [...healthy, undefined]
  const cases = sources.flatMap(source =>
    faultsIn(source).flatMap(fault =>
      clients.flatMap(client => [true, false].map(isStreaming => ({ source, fault, client, isStreaming }))),
    ),
  )
  return cases
    .map((one, at) => ({ ...one, next: nexts[(at % 7) % nexts.length] }))
    .filter(({ isStreaming }, at) => at % every === 0 && (isStreaming || Math.floor(at / 2) % everyWhole === 0))
    .map((one, at) => ({ ...one, id: `${placeOf(one.source, one.fault)}/${one.next?.name ?? 'none'}/${at}` }))
}

function faultsIn({ stream: { events } }: Source): readonly Fault[] {
  const places = Array.from({ length: events.length + 1 }, (_, at) => at)
  return [...faultsAtEvents.flatMap(type => places.map(at => ({ type, at }))), ...faultsOfAll.map(type => ({ type }))]
}

class MatrixRun {
  readonly #options: MatrixOptions
  readonly #cases: ReadonlyMap<string, Case>
  readonly #wholes: ReadonlyMap<Source, WholeScript>
  readonly #unfaulted = new Map<string, string>()
  readonly #faults: string[] = []
  readonly #outcomes = { answers: 0, 'makes-way': 0, 'fails-in-sight': 0, refused: 0 }
  replies = ''

  constructor(options: MatrixOptions, wholes: ReadonlyMap<Source, WholeScript>) {
    this.#options = options
    this.#wholes = wholes
    this.#cases = new Map(allCases(options).map(each => [each.id, each]))
  }

  /** Does what goes wrong, or answers who asks for no case. */
  fail(response: Parameters<typeof play>[1], request: SeenRequest): Promise<void> {
    const { model, isStreaming } = askedOf(request)
    const broken = this.#cases.get(model)
    if (!broken) return this.speak(response, request)
    const { source, fault } = broken
    const script = isStreaming
      ? faultyStream(source.protocol, source.stream, fault)
      : faultyWhole(this.#wholes.get(source) ?? {}, fault, source.stream)
    return play(script, response, request)
  }

  /** Answers as whoever takes the place of the one that fails. */
  speak(response: Parameters<typeof play>[1], request: SeenRequest): Promise<void> {
    const { model, isStreaming } = askedOf(request)
    const { sources, healthy } = this.#options
    const source = this.#cases.get(model)?.next ?? [...healthy, ...sources].find(({ name }) => model.endsWith(name))
    if (!source) throw new Error(`nobody is called ${model}`)
    return play(isStreaming ? source.stream : (this.#wholes.get(source) ?? {}), response, request)
  }

  async all(url: string): Promise<void> {
    await this.#noteUnfaulted(url)
    const left = this.#cases.values()
    const work = async () => {
      for (const each of left) await this.#try(url, each)
    }
    await Promise.all(Array.from({ length: this.#options.together ?? 12 }, work))
  }

  result(): Pick<MatrixResult, 'cases' | 'outcomes' | 'faults'> {
    return { cases: this.#cases.size, outcomes: this.#outcomes, faults: this.#faults }
  }

  async #noteUnfaulted(url: string): Promise<void> {
    const { sources, healthy } = this.#options
    const names = [...sources.map(({ name }) => directName(name)), ...healthy.map(({ name }) => nextName(name))]
    for (const asked of clients.flatMap(client => names.flatMap(model => bothWays({ client, model })))) {
      const got = await ask(url, asked)
      if (got.status !== 200) this.#faults.push(`${asked.model} without a fault: ${got.text}`)
      this.#unfaulted.set(keyOf(asked), withoutIds(got.text))
    }
  }

  async #try(url: string, one: Case): Promise<void> {
    const { id, source, client, isStreaming, fault } = one
    const got = await ask(url, { client, model: id, isStreaming })
    this.replies += `${got.text}${JSON.stringify([...got.headers])}`
    const isInOnePiece = !isStreaming && source.isRelayed && source.protocol === client
    const { protocol, stream } = source
    const expected = await foresee({ protocol, stream, fault, client, isStreaming, isInOnePiece })
    const { ending, faults } = await judge(one, got, {
      expected,
      isHasty: this.#options.headersAfterMs !== undefined,
      unfaulted: model => this.#unfaulted.get(keyOf({ client, isStreaming, model })),
    })
    const name = `${id} for ${client}, ${isStreaming ? 'streamed' : 'whole'}, ${JSON.stringify(fault)}`
    if (faults.length > 0) this.#faults.push(`${name}: expected ${expected}, ${faults.join('; ')}`)
    this.#outcomes[ending === 'refused' ? 'refused' : expected] += 1
  }
}

interface Asked {
  readonly client: Client
  readonly model: string
  readonly isStreaming: boolean
}

const clients = Object.keys(spoken) as readonly Client[]

function bothWays(asked: Omit<Asked, 'isStreaming'>): readonly Asked[] {
  return [true, false].map(isStreaming => ({ ...asked, isStreaming }))
}

async function ask(url: string, { client, model, isStreaming }: Asked): Promise<Got> {
  const body = JSON.stringify({ ...bodies[client], model, ...(isStreaming && streaming(client)) })
  const response = await fetch(url + paths[client], {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

function keyOf({ client, model, isStreaming }: Asked): string {
  return `${client} ${model} ${isStreaming}`
}

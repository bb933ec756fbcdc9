import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { bodyFor, errorOf, paths, protocols, stream } from '../../test/program/streamed-answer.ts'
import { post } from '../../test/support/http-client.ts'
import type { Reply } from '../../test/support/http-client.ts'
import type { Chance } from './chance.ts'
import { atMost, fact, percentile } from './figures.ts'
import type { Figure } from './figures.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'

export interface CrashSettings {
  readonly chance: Chance
  readonly seconds: number
}

const loaded = ['a', 'b', 'c', 'd'] as const
const models = [...loaded, 'stopped', 'starved', 'poisoned']

/* A model may end twice a minute without being left alone. */
const killEveryMs = 32_000 / loaded.length

const clientsPerModel = 90
const endless = 7000

/** Kills processes under load; gives what became of those who waited. */
export async function measureCrashes({ chance, seconds }: CrashSettings): Promise<readonly Figure[]> {
  const gateway = await startGateway({
    models,
    contextTokens: 8192,
    flags: { slots: 8, threads: 1, keepAliveMs: 'never' },
  })
  try {
    const load = new Load(gateway, chance)
    const others = Promise.all([stopOne(gateway), starveOne(gateway), poisonOne(gateway)])
    await load.run(seconds)
    return [...(await load.figures()), ...(await others).flat()]
  } finally {
    await gateway.close()
  }
}

class Load {
  readonly #gateway: Gateway
  readonly #chance: Chance
  readonly #unseen = new Map<string, Set<{ isHit: boolean }>>(loaded.map(model => [model, new Set()]))
  readonly #killedAt = new Map<string, number>()
  readonly #restartMs: number[] = []
  readonly #backMs: number[] = []
  readonly #endMs: number[] = []
  readonly #wrong: string[] = []
  #hit = 0
  #hitAndAnswered = 0
  #asked = 0
  #kills = 0
  #isOver = false

  constructor(gateway: Gateway, chance: Chance) {
    this.#gateway = gateway
    this.#chance = chance
  }

  async run(seconds: number): Promise<void> {
    const clients = loaded.flatMap(model => [
      ...Array.from({ length: clientsPerModel }, () => this.#askAgainAndAgain(model)),
      ...protocols.map(protocol => this.#streamAgainAndAgain(model, protocol)),
    ])
    await delay(3000)
    for (const until = performance.now() + seconds * 1000; performance.now() < until;) {
      for (const model of loaded) {
        const began = performance.now()
        await this.#kill(model)
        await delay(Math.max(0, killEveryMs - (performance.now() - began)))
      }
    }
    this.#isOver = true
    await Promise.all(clients)
  }

  async figures(): Promise<readonly Figure[]> {
    const { repeated } = await this.#gateway.status()
    const share = (100 * this.#hitAndAnswered) / Math.max(1, this.#hit)
    process.stdout.write(
      `     ${this.#kills} kills, ${this.#asked} whole answers asked for, ${this.#hit} of them under way at a kill, ${repeated} run again\n` +
        `     a model loads in ${this.#gateway.loadMs.toFixed(0)} ms, and under this load in ${percentile(this.#backMs, 50).toFixed(0)} ms\n`,
    )
    for (const wrong of new Set(this.#wrong)) process.stdout.write(`     ${wrong}\n`)
    return [
      fact(['R4', 'unseen answers that were under way at a kill, given'], share >= 99.9, `${share.toFixed(2)} %`),
      fact(['R4', 'no other answer failed'], this.#wrong.length === 0, `${this.#wrong.length} failed`),
      atMost(
        [
          'R4',
          `${this.#endMs.length} begun streams: from kill to explicit error (half: ${percentile(this.#endMs, 50).toFixed(0)})`,
        ],
        Math.max(...this.#endMs),
        {
          target: 500,
          unit: 'ms',
        },
      ),
      atMost(['R4', 'from kill to the next process that loads the model, longest'], Math.max(...this.#restartMs), {
        target: 2000,
        unit: 'ms',
      }),
    ]
  }

  async #askAgainAndAgain(model: string): Promise<void> {
    const pending = this.#unseen.get(model)
    while (!this.#isOver) {
      const asked = { isHit: false }
      pending?.add(asked)
      this.#asked += 1
      const text = `Question ${this.#asked}`
      const protocol = this.#chance.oneOf(protocols)
      const reply = await whole(this.#gateway, model, { text, maxTokens: 8 + this.#chance.below(24), protocol })
      pending?.delete(asked)
      if (asked.isHit && reply.status === 200) this.#hitAndAnswered += 1
      if (reply.status !== 200) this.#wrong.push(`${reply.status} ${reply.text.slice(0, 200)}`)
    }
  }

  async #streamAgainAndAgain(model: string, protocol: (typeof protocols)[number]): Promise<void> {
    while (!this.#isOver) {
      this.#asked += 1
      const question = { model, maxTokens: endless, text: `Sing ${this.#asked}` }
      const answer = await stream(this.#gateway.port, protocol, question).catch(() => undefined)
      if (!answer) continue
      const openedAt = performance.now()
      const timer = setInterval(() => this.#isOver && answer.leave(), 100)
      const received = await answer.whole
      clearInterval(timer)
      const killedAt = this.#killedAt.get(model) ?? 0
      if (this.#isOver || killedAt < openedAt) continue
      this.#endMs.push(performance.now() - killedAt)
      try {
        errorOf(protocol, received)
      } catch (error) {
        this.#wrong.push(String(error).slice(0, 300))
      }
    }
  }

  async #kill(model: string): Promise<void> {
    const { processId } = (await this.#gateway.model(model)) ?? {}
    if (processId === undefined) return
    for (const asked of this.#unseen.get(model) ?? []) {
      this.#hit += asked.isHit ? 0 : 1
      asked.isHit = true
    }
    this.#kills += 1
    this.#killedAt.set(model, performance.now())
    process.kill(processId, this.#chance.oneOf(['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const))
    this.#restartMs.push(await this.#gateway.until(model, ({ state }) => state === 'loading'))
    this.#backMs.push(await this.#gateway.until(model, ({ state }) => state === 'ready'))
  }
}

interface Whole {
  readonly text: string
  readonly maxTokens: number
  readonly protocol?: (typeof protocols)[number]
}

function whole({ port }: Gateway, model: string, { protocol = 'anthropic', ...question }: Whole): Promise<Reply> {
  return post(port, paths[protocol], bodyFor({ model, ...question }))
}

async function stopOne(gateway: Gateway): Promise<readonly Figure[]> {
  await whole(gateway, 'stopped', { text: 'Before', maxTokens: 8 })
  const { processId = 0 } = (await gateway.model('stopped')) ?? {}
  process.kill(processId, 'SIGSTOP')
  const began = performance.now()
  const replies = await Promise.all(
    [1, 2, 3].map(index => whole(gateway, 'stopped', { text: `${index}`, maxTokens: 8 })),
  )
  const isAnswered = replies.every(({ status }) => status === 200)
  return [fact(['R4', 'a process that is stopped is replaced, and its requests answered'], isAnswered, seconds(began))]
}

async function starveOne(gateway: Gateway): Promise<readonly Figure[]> {
  if (process.platform !== 'linux') return []
  const { processId = 0 } = (await gateway.model('starved')) ?? {}
  await promisify(execFile)('prlimit', ['--pid', String(processId), '--data=0', '--as=0'])
  const began = performance.now()
  const large = await whole(gateway, 'starved', { text: 'word '.repeat(800_000), maxTokens: 8 })
  const after = await whole(gateway, 'starved', { text: 'After', maxTokens: 8 })
  const isReplaced = (await gateway.model('starved'))?.processId !== processId
  const isKept = isReplaced && large.status === 400 && after.status === 200
  return [fact(['R4', 'a process without memory is replaced, and its requests answered'], isKept, seconds(began))]
}

async function poisonOne(gateway: Gateway): Promise<readonly Figure[]> {
  const question = { text: 'Poison', maxTokens: endless }
  const poison = whole(gateway, 'poisoned', question)
  for (let deaths = 0; deaths < 2; deaths += 1) await killWhileAnswering(gateway)
  const first = await poison
  const again = await whole(gateway, 'poisoned', question)
  const isRefused = first.status === 503 && /each of the 2 times/.test(again.text)
  const other = await whole(gateway, 'poisoned', { text: 'Food', maxTokens: 8 })
  void whole(gateway, 'poisoned', { text: 'More', maxTokens: endless })
  await killWhileAnswering(gateway)
  const alone = await whole(gateway, 'poisoned', { text: 'Alone', maxTokens: 8 })
  const isAlone = alone.status === 503 && Number(alone.headers['retry-after']) > 0
  return [
    fact(
      ['R4', 'a request that two processes ended with is refused, no other'],
      isRefused && other.status === 200,
      `${again.status}`,
    ),
    fact(['R4', 'a model that ended three times in a minute is left alone'], isAlone, `${alone.status}`),
  ]
}

async function killWhileAnswering(gateway: Gateway): Promise<void> {
  await gateway.until('poisoned', ({ state, answering }) => state === 'ready' && answering > 0)
  const { processId = 0 } = (await gateway.model('poisoned')) ?? {}
  process.kill(processId, 'SIGKILL')
  const isOther = (now: number | undefined) => now !== processId
  while (!isOther((await gateway.model('poisoned'))?.processId)) await delay(5)
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`
}

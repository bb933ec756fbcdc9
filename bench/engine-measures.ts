import type { Ask, Outcome } from './engine-load.ts'

/** What is asked of a server at once, and what that tells of it. */
export interface Measure {
  /** What must be asked before, with nothing measured. */
  readonly before?: (salt: string) => readonly Ask[]
  readonly asks: (salt: string) => readonly Ask[]
  readonly figures: readonly Figure[]
}

export interface Figure {
  readonly name: string
  readonly unit: 'tokens/s' | 'ms' | '× usual gap'
  readonly of: (outcomes: readonly Outcome[]) => number
}

const promptWords = 500
const shortPromptWords = 103
const longPromptWords = 1480

/** All that is measured. Prompts of different salt share nothing. */
export const measures: readonly Measure[] = [
  ...[1, 2, 4, 8].map((clients): Measure => ({
    asks: salt =>
      Array.from({ length: clients }, (_, client) => ({ prompt: prompt(`${salt}g${client}`, 10), outputTokens: 96 })),
    figures: [{ name: `generation, ${clients} at once`, unit: 'tokens/s', of: generationRate }],
  })),
  {
    asks: salt => [{ prompt: prompt(salt, promptWords), outputTokens: 2 }],
    figures: [
      {
        name: 'prompt',
        unit: 'tokens/s',
        of: outcomes => (last(outcomes).inputTokens * 1000) / firstTokenMs(outcomes),
      },
      firstToken('cold'),
    ],
  },
  {
    asks: salt =>
      Array.from({ length: 4 }, (_, client) => ({
        prompt: prompt(`${salt}p${client}`, shortPromptWords),
        outputTokens: 2,
      })),
    figures: [{ name: 'prompts, 4 of 500 tokens at once', unit: 'tokens/s', of: readingRate }],
  },
  {
    before: salt => [{ prompt: prompt(salt, promptWords), outputTokens: 2 }],
    asks: salt => [{ prompt: `${prompt(salt, promptWords)} ${words(`${salt}x`, 12)}`, outputTokens: 2 }],
    figures: [firstToken('same prefix')],
  },
  {
    before: salt => [{ prompt: `${prompt(salt, promptWords)} ${words(`${salt}a`, 80)}`, outputTokens: 2 }],
    asks: salt => [{ prompt: `${prompt(salt, promptWords)} ${words(`${salt}b`, 12)}`, outputTokens: 2 }],
    figures: [firstToken('shared prefix')],
  },
  {
    asks: salt => [
      { prompt: `${prompt(salt, promptWords)} ${words(`${salt}a`, 12)}`, outputTokens: 2000, until: 1 },
      {
        prompt: `${prompt(salt, promptWords)} ${words(`${salt}b`, 12)}`,
        outputTokens: 2,
        after: { client: 0, tokens: 8 },
      },
    ],
    figures: [firstToken('shared prefix, owner busy')],
  },
  {
    asks: salt =>
      ['a', 'b', 'c', 'd'].map(client => ({
        prompt: `${prompt(`${salt}s`, promptWords)} ${words(`${salt}${client}`, 12)}`,
        outputTokens: 2,
      })),
    figures: [{ name: 'first token, four at once with a cold shared prefix', unit: 'ms', of: lastFirstTokenMs }],
  },
  {
    asks: salt => [
      { prompt: prompt(`${salt}r`, 10), outputTokens: 6000, until: 1 },
      { prompt: prompt(salt, longPromptWords), outputTokens: 2, after: { client: 0, tokens: 100 } },
    ],
    figures: [
      ...(['median', 'p99', 'longest'] as const).map((which): Figure => ({
        name: `gap beside a 6,000-token prompt, ${which}`,
        unit: '× usual gap',
        of: outcomes => slowedBy(outcomes, which),
      })),
      firstToken('6,000 tokens beside an answer'),
    ],
  },
]

function firstToken(of: string): Figure {
  return { name: `first token, ${of}`, unit: 'ms', of: firstTokenMs }
}

/** Tokens in a second while all of them write: the prompts of the last ones are read before, and nobody has left. */
function generationRate(outcomes: readonly Outcome[]): number {
  const from = Math.max(...outcomes.map(({ tokenMs }) => tokenMs[0] ?? Infinity))
  const to = Math.min(...outcomes.map(({ tokenMs }) => tokenMs.at(-1) ?? 0))
  const written = outcomes.flatMap(({ tokenMs }) => tokenMs).filter(at => at > from && at <= to)
  return (written.length * 1000) / (to - from)
}

/** Prompt tokens in a second until all prompts are read. */
function readingRate(outcomes: readonly Outcome[]): number {
  const from = Math.min(...outcomes.map(({ sentMs }) => sentMs))
  const to = Math.max(...outcomes.map(({ tokenMs }) => tokenMs[0] ?? Infinity))
  return (outcomes.reduce((sum, { inputTokens }) => sum + inputTokens, 0) * 1000) / (to - from)
}

function firstTokenMs(outcomes: readonly Outcome[]): number {
  const { tokenMs, sentMs } = last(outcomes)
  return (tokenMs[0] ?? Infinity) - sentMs
}

/** How long the client waited that had its first token last. */
function lastFirstTokenMs(outcomes: readonly Outcome[]): number {
  return Math.max(...outcomes.map(({ tokenMs, sentMs }) => (tokenMs[0] ?? Infinity) - sentMs))
}

/** How much longer a reader's gaps are while the last client's prompt is read than before. */
function slowedBy(outcomes: readonly Outcome[], which: 'median' | 'p99' | 'longest'): number {
  const [reader] = outcomes
  const { sentMs, tokenMs } = last(outcomes)
  const times = reader?.tokenMs ?? []
  const gaps = times.slice(1).map((time, index) => ({ time, ms: time - (times[index] ?? 0) }))
  const before = gaps.filter(({ time }) => time < sentMs).map(({ ms }) => ms)
  const beside = gaps.filter(({ time }) => time >= sentMs && time <= (tokenMs[0] ?? 0)).map(({ ms }) => ms)
  return quantile(beside, { median: 0.5, p99: 0.99, longest: 1 }[which]) / quantile(before, 0.5)
}

/** The value below which this part of the numbers lies. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function last(outcomes: readonly Outcome[]): Outcome {
  const outcome = outcomes.at(-1)
  if (!outcome) throw new Error('a client came back with nothing')
  return outcome
}

function prompt(salt: string, count: number): string {
  return `Client ${salt}. ${words(salt, count)}`
}

function words(salt: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${salt}${(index * 7919) % 1000}`).join(' ')
}

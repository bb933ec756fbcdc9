import * as z from 'zod'
import type { ErrorKind } from '../../core/errors.ts'
import type { Access } from '../access.ts'
import type { AttemptRow } from '../schema.ts'
import { AttemptBuffer } from './attempt-buffer.ts'
import type { AttemptLimits } from './attempt-buffer.ts'
import { readRows, readValue } from './row-reading.ts'
import type { Listed } from './row-reading.ts'

/** One try at one target, as it is kept. */
export interface NotedAttempt {
  readonly requestId: string
  /** Which try of the request it was, from 1. */
  readonly number: number
  /** When it began, in milliseconds since 1970. */
  readonly at: number
  readonly provider: string
  readonly model: string
  /** Why it was given up; absent for the one that answered. */
  readonly failure?: ErrorKind
  readonly durationMs: number
}

/** Which attempts are looked for: all of them, where nothing is said. */
export interface WantedAttempts {
  /** At most so many; 100 where absent, 1000 at the most. */
  readonly limit?: number
  readonly requestId?: string
  readonly provider?: string
  readonly model?: string
}

/** The record of where requests went. It never keeps a request waiting, and never fails one. */
export interface Attempts {
  /** Takes an attempt to be written soon. */
  note(attempt: NotedAttempt): void
  /** Gives the latest ones of those that are wanted, the latest first. */
  list(wanted?: WantedAttempts): Promise<Listed<NotedAttempt>>
  /** How many were given up because they could not be written in time. */
  readonly dropped: number
  /** Writes what waits. Throws where that fails; what waits then goes on waiting. */
  flush(): Promise<void>
}

const mostListed = 1000

/* Kinds that a later version adds are told as they are. */
const attemptShape = z.object({
  request_id: z.string(),
  number: z.number().int(),
  at: z.number().int(),
  provider: z.string(),
  model: z.string(),
  failure: z.string().nullable(),
  duration_ms: z.number().int(),
})

export interface AttemptOptions extends AttemptLimits {
  readonly access: Access
  readonly now: () => number
}

/** Makes the table of attempts. `close` writes what waits, as far as that is possible. */
export function createAttempts(options: AttemptOptions): Attempts & { close(): Promise<void> } {
  const { access } = options
  const buffer = new AttemptBuffer(options)
  return {
    note: attempt => buffer.add(rowOf(attempt)),
    list: async ({ limit = 100, ...wanted } = {}) => {
      const rows = await access.read(tables =>
        tables
          .selectFrom('attempts')
          .selectAll()
          .where(row => row.and(conditionsOf(wanted).map(([column, value]) => row(column, '=', cut(value)))))
          .orderBy('at', 'desc')
          .orderBy('number', 'desc')
          .limit(Math.min(limit, mostListed))
          .execute(),
      )
      return readRows(rows, 'attempts', { idOf: row => `${row.request_id}/${row.number}`, read: attemptOf })
    },
    get dropped() {
      return buffer.dropped
    },
    flush: () => buffer.flush(),
    close: () => buffer.close(),
  }
}

function conditionsOf({ requestId, provider, model }: WantedAttempts): readonly Condition[] {
  const all = [
    ['request_id', requestId],
    ['provider', provider],
    ['model', model],
  ] as const
  return all.flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const]))
}

type Condition = readonly ['request_id' | 'provider' | 'model', string]

/* Names come from clients and upstreams. */
const mostLetters = 256

function rowOf({ requestId, number, at, provider, model, failure, durationMs }: NotedAttempt): AttemptRow {
  return {
    request_id: cut(requestId),
    number,
    at: Math.round(at),
    provider: cut(provider),
    model: cut(model),
    failure: failure ?? null,
    duration_ms: Math.max(0, Math.round(durationMs)),
  }
}

/* Postgres keeps no text with a zero in it. */
function cut(text: string): string {
  return text.slice(0, mostLetters).replaceAll('\0', '').toWellFormed()
}

function attemptOf(row: AttemptRow): NotedAttempt {
  const { request_id, number, at, provider, model, failure, duration_ms } = readValue(row, attemptShape)
  return {
    requestId: request_id,
    number,
    at,
    provider,
    model,
    // oxlint-disable-next-line no-unsafe-type-assertion -- only kinds are written
    ...(failure !== null && { failure: failure as ErrorKind }),
    durationMs: duration_ms,
  }
}

import type { Transaction } from 'kysely'
import { ModelError } from '../../core/errors.ts'
import type { RouteRule } from '../../core/route-rules.ts'
import type { Access } from '../access.ts'
import type { Schema } from '../schema.ts'
import { checkInput } from './checked-input.ts'
import { routeRule } from './route-shape.ts'
import { Damaged, readJson, readRows } from './row-reading.ts'
import type { Listed } from './row-reading.ts'

/** The rules that the owner made at the command line, in their order. */
export interface Routes {
  list(): Promise<Listed<RouteRule>>
  /**
   * Keeps a rule in the place of the one of the same name, or as the last one. With a position, counted from 1, it
   * goes there.
   */
  put(rule: RouteRule, position?: number): Promise<void>
  /** Moves a rule to a position, counted from 1. Throws `not-found` where there is none of that name. */
  move(name: string, position: number): Promise<void>
  /** Forgets a rule; tells whether there was one. */
  remove(name: string): Promise<boolean>
}

export interface TableOptions {
  readonly access: Access
  readonly now: () => number
}

/* Every request looks at them in turn. */
const mostRoutes = 1000

/** Makes the table of rules. */
export function createRoutes({ access, now }: TableOptions): Routes {
  return {
    list: async () => {
      const rows = await access.read(tables =>
        tables.selectFrom('routes').selectAll().orderBy('position').orderBy('name').execute(),
      )
      return readRows(rows, 'routes', {
        idOf: row => row.name,
        read: row => {
          const rule = readJson(row.rule, routeRule)
          if (rule.name !== row.name) throw new Damaged('its rule is that of another name')
          return rule
        },
      })
    },
    put: async (rule, position) => {
      const text = JSON.stringify(checkInput(rule, routeRule, `route ${rule.name.slice(0, 100)}`))
      const changes = { rule: text, changed_at: now() }
      await access.change(async transaction => {
        const names = await namesIn(transaction)
        if (names.length >= mostRoutes && !names.includes(rule.name)) throw tooMany()
        await transaction
          .insertInto('routes')
          .values({ name: rule.name, position: names.length + 1, ...changes })
          .onConflict(conflict => conflict.column('name').doUpdateSet(changes))
          .execute()
        if (position === undefined && names.includes(rule.name)) return
        await arrange(transaction, names, moved(names, rule.name, position))
      })
    },
    move: async (name, position) =>
      access.change(async transaction => {
        const names = await namesIn(transaction)
        if (!names.includes(name)) throw unknown(name)
        await arrange(transaction, names, moved(names, name, position))
      }),
    remove: async name =>
      access.change(async transaction => {
        const names = await namesIn(transaction)
        if (!names.includes(name)) return false
        await transaction.deleteFrom('routes').where('name', '=', name).execute()
        await arrange(
          transaction,
          names,
          names.filter(other => other !== name),
        )
        return true
      }),
  }
}

async function namesIn(transaction: Transaction<Schema>): Promise<readonly string[]> {
  const rows = await transaction.selectFrom('routes').select('name').orderBy('position').orderBy('name').execute()
  return rows.map(({ name }) => name)
}

/* A position beyond the end is the end. */
function moved(names: readonly string[], name: string, position = Infinity): readonly string[] {
  const others = names.filter(other => other !== name)
  const index = Math.min(Math.max(position, 1) - 1, others.length)
  return others.toSpliced(index, 0, name)
}

/** Writes the positions that are others than before. */
async function arrange(
  transaction: Transaction<Schema>,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  for (const [index, name] of after.entries()) {
    if (before[index] === name) continue
    await transaction
      .updateTable('routes')
      .set({ position: index + 1 })
      .where('name', '=', name)
      .execute()
  }
}

function tooMany(): ModelError {
  return new ModelError('too-large', `there are ${mostRoutes} routes already; remove one first`)
}

function unknown(name: string): ModelError {
  return new ModelError('not-found', `there is no route "${name.slice(0, 100)}"; duologue routes list shows them`)
}

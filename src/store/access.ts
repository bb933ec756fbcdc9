import type { Kysely } from 'kysely'
import type { Database, Work } from './databases/database.ts'
import { storeFailure } from './failures.ts'
import type { Schema } from './schema.ts'

const onlyRow = 1

/** How the tables are read and changed. Everything that fails is told in our own words. */
export class Access {
  readonly #database: Database
  readonly #onChange: () => void

  constructor(database: Database, onChange: () => void = () => undefined) {
    this.#database = database
    this.#onChange = onChange
  }

  /** How messages call the database. */
  get name(): string {
    return this.#database.name
  }

  async read<Result>(query: (tables: Kysely<Schema>) => Promise<Result>): Promise<Result> {
    return this.#told(() => query(this.#database.kysely))
  }

  /**
   * Runs what an owner changes: whole or not at all, and one change at a time, wherever they come from. When it
   * returns, a power cut does not take it back.
   */
  async change<Result>(work: Work<Result>): Promise<Result> {
    const result = await this.#told(() =>
      this.#database.alone(async transaction => {
        await transaction
          .insertInto('state')
          .values({ id: onlyRow, version: 1 })
          .onConflict(conflict =>
            conflict.column('id').doUpdateSet(count => ({ version: count('state.version', '+', 1) })),
          )
          .execute()
        return work(transaction)
      }),
    )
    this.#onChange()
    return result
  }

  /** Runs work on what lies beside the database, with no change of an owner beside it. */
  async alone<Result>(work: Work<Result>): Promise<Result> {
    return this.#told(() => this.#database.alone(work))
  }

  /** Runs what may be lost in a power cut. */
  async note(work: Work<void>): Promise<void> {
    return this.#told(() => this.#database.relaxed(work))
  }

  /** Makes sure that nobody reads what was deleted in the database's files. Says whether it is done. */
  async sweep(): Promise<boolean> {
    return this.#told(async () => (await this.#database.sweep?.()) ?? true)
  }

  /** Gives how many changes owners have made so far. */
  async version(): Promise<number> {
    const row = await this.read(tables =>
      tables.selectFrom('state').select('version').where('id', '=', onlyRow).executeTakeFirst(),
    )
    return row?.version ?? 0
  }

  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw storeFailure(error, this.#database.name)
    }
  }
}

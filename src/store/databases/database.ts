import type { Kysely, Transaction } from 'kysely'
import type { Schema } from '../schema.ts'

export type Work<Result> = (transaction: Transaction<Schema>) => Promise<Result>

/** A database that holds the store's tables. */
export interface Database {
  /** How messages call it: a path, or a server without its password. */
  readonly name: string
  /** Whether other machines may use it too. */
  readonly isShared: boolean
  readonly kysely: Kysely<Schema>
  /** Runs a transaction that no other one that changes anything runs beside. */
  alone<Result>(work: Work<Result>): Promise<Result>
  /** Runs a transaction that a power cut may take back whole, so that it need not wait for the disk. */
  relaxed(work: Work<void>): Promise<void>
  /** Copies everything before the tables change their form, and gives where to. Absent where the owner does that. */
  backUp?(label: string): Promise<string>
  /**
   * Makes sure that what was deleted can be read in no file, and says whether it is so. Absent where the database sees
   * to its files by itself.
   */
  sweep?(): Promise<boolean>
  close(): Promise<void>
}

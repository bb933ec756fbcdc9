import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import { refusal } from '../failures.ts'
import type { MasterKeyRow, Schema } from '../schema.ts'
import { checkOf, isKeyOf } from './key-check.ts'
import type { KeySource } from './key-source.ts'
import type { MasterKey } from './master-key.ts'
import { keyIdOf, seal, unseal } from './seal.ts'
import type { SealedPlace } from './seal.ts'

export interface VaultOptions {
  readonly access: Access
  readonly source: KeySource
  readonly now: () => number
}

/** Seals and opens secrets with the master key that the database was begun with. */
export class Vault {
  readonly #options: VaultOptions
  /** Every key that was read, by its id: an old one opens what was read before another process changed it. */
  readonly #keys = new Map<string, MasterKey>()

  private constructor(options: VaultOptions) {
    this.#options = options
  }

  /** Checks that the key is the right one, where the database has secrets already. Changes nothing. */
  static async open(options: VaultOptions): Promise<Vault> {
    const vault = new Vault(options)
    await vault.active()
    return vault
  }

  /** Seals a text within a change. The first one makes the master key where there is none. */
  async seal(transaction: Transaction<Schema>, place: SealedPlace, text: string): Promise<string> {
    return seal(await this.#activeKey(transaction), place, text)
  }

  /**
   * Opens what was sealed; gives nothing where it is damaged or stands in another's place. Throws where another
   * process has changed the master key, and the one that is wanted is not here.
   */
  async unseal(place: SealedPlace, sealed: string): Promise<string | undefined> {
    const id = keyIdOf(sealed)
    if (!this.#keys.has(id)) await this.active()
    const key = this.#keys.get(id)
    return key && unseal(key, place, sealed)
  }

  /** Gives the key in use, where there is one, and makes `next` the one, within the change that seals everything anew. */
  async replace(transaction: Transaction<Schema>, next: MasterKey): Promise<MasterKey | undefined> {
    const row = await transaction.selectFrom('master_keys').selectAll().executeTakeFirst()
    const active = row && (await this.#keyOf(row))
    await transaction.deleteFrom('master_keys').execute()
    await this.#begin(transaction, next)
    return active
  }

  /** Gives the key in use, where there is one. */
  async active(): Promise<MasterKey | undefined> {
    const row = await this.#options.access.read(tables =>
      tables.selectFrom('master_keys').selectAll().executeTakeFirst(),
    )
    return row && this.#keyOf(row)
  }

  async #activeKey(transaction: Transaction<Schema>): Promise<MasterKey> {
    const row = await transaction.selectFrom('master_keys').selectAll().executeTakeFirst()
    if (row !== undefined) return this.#keyOf(row)
    const key = await this.#options.source.readOrCreate()
    await this.#begin(transaction, key)
    return key
  }

  async #begin(transaction: Transaction<Schema>, key: MasterKey): Promise<void> {
    await transaction
      .insertInto('master_keys')
      .values({ ...checkOf(key), created_at: this.#options.now() })
      .execute()
  }

  async #keyOf(row: MasterKeyRow): Promise<MasterKey> {
    const known = this.#keys.get(row.id)
    if (known && isKeyOf(row, known)) return known
    const keys = await this.#options.source.read(row.id)
    const right = keys.find(key => isKeyOf(row, key))
    if (right === undefined) throw this.#wrongKey(row, keys)
    for (const key of keys) this.#keys.set(key.id, key)
    return right
  }

  #wrongKey({ id }: MasterKeyRow, [other]: readonly MasterKey[]): Error {
    const { access, source } = this.#options
    return refusal(
      `the secrets in ${access.name} are sealed with the master key ${id}, and ` +
        `${other ? `the one given is ${other.id}` : 'there is none here'}: ${source.advice}; nothing was changed`,
    )
  }
}

import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import { refusal } from '../failures.ts'
import type { MasterKeyRow, Schema } from '../schema.ts'
import type { KeySource } from './key-source.ts'
import type { MasterKey } from './master-key.ts'
import { keyIdOf, seal, unseal } from './seal.ts'
import type { SealedPlace } from './seal.ts'

/* What is sealed beside each master key's id: only the right key opens it. */
const knownText = 'duologue'

export interface VaultOptions {
  readonly access: Access
  readonly source: KeySource
  readonly now: () => number
}

/** Seals and opens secrets with the master key that the database was begun with. */
export class Vault {
  readonly #options: VaultOptions
  #keys: readonly MasterKey[] = []

  private constructor(options: VaultOptions) {
    this.#options = options
  }

  /** Checks that the key is the right one, where the database has secrets already. Changes nothing. */
  static async open(options: VaultOptions): Promise<Vault> {
    const vault = new Vault(options)
    const row = await options.access.read(tables => tables.selectFrom('master_keys').selectAll().executeTakeFirst())
    if (row !== undefined) await vault.#keyOf(row)
    return vault
  }

  /** Seals a text within a change. The first one makes the master key where there is none. */
  async seal(transaction: Transaction<Schema>, place: SealedPlace, text: string): Promise<string> {
    return seal(await this.#activeKey(transaction), place, text)
  }

  /** Opens what was sealed; gives nothing where it is damaged or stands in another's place. */
  async unseal(place: SealedPlace, sealed: string): Promise<string | undefined> {
    const isOurs = (key: MasterKey): boolean => key.id === keyIdOf(sealed)
    // Another process may have changed the master key meanwhile.
    if (!this.#keys.some(isOurs)) this.#keys = await this.#options.source.read()
    const key = this.#keys.find(isOurs)
    return key && unseal(key, place, sealed)
  }

  /** Gives the key in use and makes `next` the one, within the change that seals everything anew. */
  async replace(transaction: Transaction<Schema>, next: MasterKey): Promise<MasterKey> {
    const active = await this.#activeKey(transaction)
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
    const sealed = seal(key, placeOf(key.id), knownText)
    await transaction
      .insertInto('master_keys')
      .values({ id: key.id, sealed, created_at: this.#options.now() })
      .execute()
  }

  async #keyOf({ id, sealed }: MasterKeyRow): Promise<MasterKey> {
    const isRight = (key: MasterKey): boolean => unseal(key, placeOf(id), sealed) === knownText
    if (!this.#keys.some(isRight)) this.#keys = await this.#options.source.read()
    const key = this.#keys.find(isRight)
    if (key !== undefined) return key
    const [other] = this.#keys
    throw refusal(
      `the secrets in ${this.#options.access.name} are sealed with the master key ${id}, and ` +
        `${other ? `the one given is ${other.id}` : 'there is none here'}: put back its master.key, or give it as ` +
        'DUOLOGUE_MASTER_KEY; nothing was changed',
    )
  }
}

function placeOf(id: string): SealedPlace {
  return { table: 'master_keys', id, column: 'sealed', purpose: 'key_check' }
}

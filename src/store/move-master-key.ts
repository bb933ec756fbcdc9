import { Access } from './access.ts'
import type { Database } from './databases/database.ts'
import { refusal, storeFailure, unavailable } from './failures.ts'
import { migrations } from './migrations/all.ts'
import { migrate } from './migrations/migrate.ts'
import { openDatabase } from './open-database.ts'
import type { DatabaseSettings } from './open-database.ts'
import type { MasterKeyRow } from './schema.ts'
import { isKeyOf } from './secrets/key-check.ts'
import type { KeyKeeper } from './secrets/key-keeper.ts'
import { KeySource } from './secrets/key-source.ts'
import type { KeySettings } from './secrets/key-source.ts'
import type { MasterKey } from './secrets/master-key.ts'

export interface MoveOptions extends DatabaseSettings, KeySettings {
  readonly now: () => number
}

/** Where the master key is. */
export interface Moved {
  readonly keyId: string
  /** The keychain, or a file. */
  readonly place: string
}

/**
 * Brings the master key to where the settings say that Duologue keeps it, from its own file to the keychain or back.
 * A crash at any moment leaves it in one of them or in both. Throws `conflict` where neither has the right one.
 */
export async function moveMasterKey(options: MoveOptions): Promise<Moved> {
  const database = await openDatabase(options)
  try {
    return await moveWithin(database, options)
  } catch (error) {
    throw storeFailure(error, database.name)
  } finally {
    await database.close()
  }
}

async function moveWithin(database: Database, options: MoveOptions): Promise<Moved> {
  await migrate(database, { migrations, now: options.now })
  const { keeper: to, ownFile, keychain } = new KeySource(options, database)
  if (to === undefined) throw givenByOwner()
  const from = to === keychain ? ownFile : keychain
  const access = new Access(database)
  // Unlocks the keychain before anybody has to wait for it.
  const begun = await access.read(tables => tables.selectFrom('master_keys').selectAll().executeTakeFirst())
  await keychain.read(begun?.id)
  return access.alone(async transaction => {
    const row = await transaction.selectFrom('master_keys').selectAll().executeTakeFirst()
    if (row === undefined) throw nothingSealed(to)
    if (!(await find(row, to))) {
      const key = await find(row, from)
      if (key === undefined) throw isNowhere(row, database, [to, from])
      await to.add(key)
    }
    await from.forget([row.id]).catch((error: unknown) => {
      throw unavailable(
        `the master key is in ${to.name} now, and could not be removed from ${from.name}: try again`,
        error,
      )
    })
    return { keyId: row.id, place: to.name }
  })
}

async function find(row: MasterKeyRow, place: KeyKeeper): Promise<MasterKey | undefined> {
  return (await place.read(row.id)).find(key => isKeyOf(row, key))
}

function givenByOwner(): Error {
  return refusal(
    'the master key is given by DUOLOGUE_MASTER_KEY or in the file that DUOLOGUE_MASTER_KEY_FILE names, and Duologue ' +
      'moves only a key that it keeps itself; to move one to the keychain, set the word keychain in its place',
  )
}

function nothingSealed({ name }: KeyKeeper): Error {
  return refusal(`there is no secret yet, and so no master key to move; the first secret makes its key in ${name}`)
}

function isNowhere({ id }: MasterKeyRow, { name }: Database, places: readonly KeyKeeper[]): Error {
  return refusal(
    `the secrets in ${name} are sealed with the master key ${id}, and neither ${places.map(place => place.name).join(' nor ')} ` +
      'has that one; nothing was changed',
  )
}

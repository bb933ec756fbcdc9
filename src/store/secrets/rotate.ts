import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import { refusal, unavailable } from '../failures.ts'
import type { Schema } from '../schema.ts'
import { credentialPlace } from '../tables/credentials.ts'
import type { KeyKeeper } from './key-keeper.ts'
import type { KeySource } from './key-source.ts'
import type { MasterKey } from './master-key.ts'
import { seal, unseal } from './seal.ts'
import type { Vault } from './vault.ts'

export interface Rotation {
  readonly access: Access
  readonly source: KeySource
  readonly vault: Vault
  readonly now: () => number
}

/** What became of the master key. */
export interface Rotated {
  readonly keyId: string
  readonly secrets: number
}

/**
 * Seals every secret with another master key, all or none. A crash at any moment leaves a key that opens them: the new
 * one is kept before it is used, and the old one until it is used no more, always with nobody else at work.
 */
export async function rotate({ access, source, vault, now }: Rotation): Promise<Rotated> {
  const { keeper } = source
  const key = await source.next()
  // Unlocks a keychain before anybody has to wait for it.
  const active = await vault.active()
  if (active?.id === key.id) throw sameKey(key)
  const { secrets, old } = await access.change(async transaction => {
    const old = await vault.replace(transaction, key)
    const secrets = old ? await sealAll(transaction, { from: old, key, now }) : 0
    await keeper?.add(key)
    return { secrets, old }
  })
  if (old && keeper) {
    await forgetOld(old, { access, keeper }).catch((error: unknown) => {
      throw unavailable(
        `all secrets are sealed with the master key ${key.id} now, and the old one could not be removed from ${keeper.name}`,
        error,
      )
    })
  }
  return { keyId: key.id, secrets }
}

interface Forgetting extends Pick<Rotation, 'access'> {
  readonly keeper: KeyKeeper
}

async function forgetOld(old: MasterKey, { access, keeper }: Forgetting): Promise<void> {
  await access.alone(async transaction => {
    const inUse = await transaction.selectFrom('master_keys').select('id').executeTakeFirst()
    const there = await keeper.read(old.id)
    // What earlier ones that were killed left goes too.
    await keeper.forget(there.map(({ id }) => id).filter(id => id !== inUse?.id))
  })
}

interface Resealing extends Pick<Rotation, 'now'> {
  readonly from: MasterKey
  readonly key: MasterKey
}

async function sealAll(transaction: Transaction<Schema>, { from, key, now }: Resealing): Promise<number> {
  const rows = await transaction.selectFrom('credentials').selectAll().execute()
  for (const { provider, name, sealed } of rows) {
    const place = credentialPlace(provider, name)
    const text = unseal(from, place, sealed)
    if (text === undefined) throw cannotOpen(provider, name)
    await transaction
      .updateTable('credentials')
      .set({ sealed: seal(key, place, text), changed_at: now() })
      .where('provider', '=', provider)
      .where('name', '=', name)
      .execute()
  }
  return rows.length
}

function sameKey({ id }: MasterKey): Error {
  return refusal(
    `the secrets are sealed with the master key ${id} already: put the new key before the old one, separated by a ` +
      'comma, and try again',
  )
}

function cannotOpen(provider: string, name: string): Error {
  return refusal(`the ${name} of provider ${provider} is damaged: set it again or remove it first; nothing was changed`)
}

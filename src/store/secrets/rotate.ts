import type { Access } from '../access.ts'
import { refusal } from '../failures.ts'
import { credentialPlace } from '../tables/credentials.ts'
import { parseKeys } from './key-file.ts'
import type { KeySource } from './key-source.ts'
import { MasterKey } from './master-key.ts'
import { seal, unseal } from './seal.ts'
import type { Vault } from './vault.ts'

export interface Rotation {
  readonly access: Access
  readonly source: KeySource
  readonly vault: Vault
  readonly now: () => number
  /** The new master key as text. Without it: the first of those given, or one made by chance for our own file. */
  readonly next?: string
}

/** What became of the master key. */
export interface Rotated {
  readonly keyId: string
  readonly secrets: number
}

/** Seals every secret with another master key, all or none. A crash at any moment leaves a key that opens them. */
export async function rotate({ access, source, vault, now, next }: Rotation): Promise<Rotated> {
  const key = await chooseNext(source, next)
  const active = await vault.active()
  if (active?.id === key.id) throw sameKey(key)
  // Both lie in the file until the new one is in use for certain.
  if (source.isOwn && active !== undefined) await source.keep([active, key])
  if (source.isOwn && active === undefined) await source.keep([key])
  const secrets = await access.change(async transaction => {
    const from = await vault.replace(transaction, key)
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
  })
  if (source.isOwn) await source.keep([key])
  return { keyId: key.id, secrets }
}

async function chooseNext(source: KeySource, next: string | undefined): Promise<MasterKey> {
  const [key] = next === undefined ? [] : parseKeys(next, 'the new master key')
  if (key !== undefined) return key
  if (source.isOwn) return MasterKey.random()
  return source.readOrCreate()
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

import type { Transaction } from 'kysely'
import * as z from 'zod'
import { ModelError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import type { Access } from '../access.ts'
import type { CredentialRow, Schema } from '../schema.ts'
import { keyIdOf } from '../secrets/seal.ts'
import type { SealedPlace } from '../secrets/seal.ts'
import type { Vault } from '../secrets/vault.ts'
import { checkInput } from './checked-input.ts'
import { secretName } from './provider-shape.ts'
import { Damaged } from './row-reading.ts'

/** What may be told of a secret. */
export interface Credential {
  readonly provider: string
  /** `key`, `header:<name>` or `environment:<name>`. */
  readonly name: string
  /** The id of the master key that it is sealed with. */
  readonly keyId: string
  readonly changedAt: number
}

/** The secrets of providers, each sealed for its own place. */
export interface Credentials {
  /** Tells which secrets there are. */
  list(): Promise<readonly Credential[]>
  /** Sets one secret of a provider that is there. */
  put(credential: { readonly provider: string; readonly name: string; readonly secret: Secret }): Promise<void>
  remove(provider: string, name: string): Promise<boolean>
}

export interface CredentialOptions {
  readonly access: Access
  readonly vault: Vault
  readonly now: () => number
}

const secretText = z.string().min(1).max(16_384)

/** Makes the table of secrets. */
export function createCredentials(options: CredentialOptions): Credentials {
  const { access } = options
  return {
    list: async () => {
      const rows = await access.read(tables =>
        tables.selectFrom('credentials').selectAll().orderBy('provider').orderBy('name').execute(),
      )
      return rows.map(row => ({
        provider: row.provider,
        name: row.name,
        keyId: keyIdOf(row.sealed),
        changedAt: row.changed_at,
      }))
    },
    put: async ({ provider, name, secret }) =>
      access.change(async transaction => {
        const owner = await transaction
          .selectFrom('providers')
          .select('id')
          .where('id', '=', provider)
          .executeTakeFirst()
        if (owner === undefined) throw unknownProvider(provider)
        await putSecret(transaction, { provider, name, text: secret.reveal() }, options)
      }),
    remove: async (provider, name) =>
      access.change(async transaction => {
        const { numDeletedRows } = await transaction
          .deleteFrom('credentials')
          .where('provider', '=', provider)
          .where('name', '=', name)
          .executeTakeFirst()
        return numDeletedRows > 0n
      }),
  }
}

function unknownProvider(id: string): ModelError {
  return new ModelError('not-found', `there is no provider "${id.slice(0, 100)}"; duologue providers list shows them`)
}

/** One secret and where it belongs. */
export interface NamedSecret {
  readonly provider: string
  readonly name: string
  readonly text: string
}

/** Seals a secret within a change. */
export async function putSecret(
  transaction: Transaction<Schema>,
  { provider, name, text }: NamedSecret,
  { vault, now }: Pick<CredentialOptions, 'vault' | 'now'>,
): Promise<void> {
  checkInput(name, secretName, `the name of a secret of ${provider}`)
  checkInput(text, secretText, `the ${name} of ${provider}`)
  const sealed = await vault.seal(transaction, credentialPlace(provider, name), text)
  const changes = { sealed, changed_at: now() }
  await transaction
    .insertInto('credentials')
    .values({ provider, name, ...changes })
    .onConflict(conflict => conflict.columns(['provider', 'name']).doUpdateSet(changes))
    .execute()
}

/** Opens one row. */
export async function openSecret({ provider, name, sealed }: CredentialRow, vault: Vault): Promise<Secret> {
  const text = await vault.unseal(credentialPlace(provider, name), sealed)
  if (text === undefined) throw new Damaged(`its ${name} cannot be opened with the master key that is here`)
  return new Secret(text)
}

/** Where a secret of a provider stands. */
export function credentialPlace(provider: string, name: string): SealedPlace {
  // Ids of providers have no slash.
  return { table: 'credentials', id: `${provider}/${name}`, column: 'sealed', purpose: 'provider_key' }
}

import type { ProviderSettings } from '../../core/provider-settings.ts'
import type { Secret } from '../../core/secret.ts'
import { refusal } from '../failures.ts'
import type { CredentialRow, ProviderRow } from '../schema.ts'
import type { Vault } from '../secrets/vault.ts'
import { checkInput } from './checked-input.ts'
import { openSecret, putSecret } from './credentials.ts'
import type { CredentialOptions } from './credentials.ts'
import { joinSettings, openSettings, secretsOf } from './provider-shape.ts'
import { Damaged, readJson, readRows } from './row-reading.ts'
import type { Listed } from './row-reading.ts'

/** The providers that the owner set up at the command line. */
export interface Providers {
  /** Gives them by id, whole. */
  list(): Promise<Listed<ProviderSettings>>
  /** Gives one; throws where its row is damaged. */
  get(id: string): Promise<ProviderSettings | undefined>
  /** Keeps settings, in the place of those of the same id. Secrets are sealed. */
  put(settings: ProviderSettings): Promise<void>
  /** Forgets a provider and its secrets; tells whether there was one. */
  remove(id: string): Promise<boolean>
}

/** Makes the table of providers. */
export function createProviders({ access, vault, now }: CredentialOptions): Providers {
  return {
    list: async () => {
      const rows = await access.read(tables => tables.selectFrom('providers').selectAll().orderBy('id').execute())
      const secrets = await access.read(tables => tables.selectFrom('credentials').selectAll().execute())
      const byProvider = Map.groupBy(secrets, ({ provider }) => provider)
      return readRows(rows, 'providers', {
        idOf: row => row.id,
        read: row => readProvider(row, byProvider.get(row.id) ?? [], vault),
      })
    },
    get: async id => {
      const row = await access.read(tables =>
        tables.selectFrom('providers').selectAll().where('id', '=', id).executeTakeFirst(),
      )
      if (row === undefined) return undefined
      const secrets = await access.read(tables =>
        tables.selectFrom('credentials').selectAll().where('provider', '=', id).execute(),
      )
      return readProvider(row, secrets, vault).catch((error: unknown) => {
        if (!(error instanceof Damaged)) throw error
        throw refusal(`provider ${id} is damaged: ${error.message}; set it up again or remove it`)
      })
    },
    put: async settings => {
      const open = JSON.stringify(checkInput(settings, openSettings, `provider ${settings.id.slice(0, 100)}`))
      const changes = { settings: open, changed_at: now() }
      await access.change(async transaction => {
        await transaction
          .insertInto('providers')
          .values({ id: settings.id, ...changes })
          .onConflict(conflict => conflict.column('id').doUpdateSet(changes))
          .execute()
        await transaction.deleteFrom('credentials').where('provider', '=', settings.id).execute()
        for (const [name, text] of secretsOf(settings)) {
          await putSecret(transaction, { provider: settings.id, name, text }, { vault, now })
        }
      })
    },
    remove: async id =>
      access.change(async transaction => {
        // Its secrets go with it.
        const { numDeletedRows } = await transaction.deleteFrom('providers').where('id', '=', id).executeTakeFirst()
        return numDeletedRows > 0n
      }),
  }
}

async function readProvider(
  row: ProviderRow,
  sealed: readonly CredentialRow[],
  vault: Vault,
): Promise<ProviderSettings> {
  const open = readJson(row.settings, openSettings)
  if (open.id !== row.id) throw new Damaged('its settings are those of another provider')
  const secrets = new Map<string, Secret>()
  for (const secret of sealed) secrets.set(secret.name, await openSecret(secret, vault))
  return joinSettings(open, secrets)
}

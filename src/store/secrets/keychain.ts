import { askKeychain } from './ask-keychain.ts'
import type { KeychainMeans } from './ask-keychain.ts'
import { parseKeys } from './key-file.ts'
import type { KeyKeeper } from './key-keeper.ts'
import { MasterKey } from './master-key.ts'

const idForm = /^[0-9a-f]{12}$/

/**
 * The keychain of the user's system: macOS' own, Windows' credentials, elsewhere what speaks the Secret Service. Each
 * key has an entry of its own there, named by its id, so nothing in it is ever replaced.
 */
export class Keychain implements KeyKeeper {
  readonly name = 'the keychain'
  readonly #means: KeychainMeans

  constructor(means: KeychainMeans) {
    this.#means = means
  }

  async read(id?: string): Promise<readonly MasterKey[]> {
    if (id === undefined || !idForm.test(id)) return []
    const key = await askKeychain({ type: 'find', id }, this.#means)
    return key === undefined ? [] : parseKeys(key, `the entry "master key ${id}" in the keychain`)
  }

  async create(): Promise<MasterKey> {
    const key = MasterKey.random()
    await this.add(key)
    return key
  }

  async add(key: MasterKey): Promise<void> {
    await askKeychain({ type: 'keep', id: key.id, key: key.reveal() }, this.#means)
  }

  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) await askKeychain({ type: 'forget', id }, this.#means)
  }
}

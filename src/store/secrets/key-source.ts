import { join } from 'node:path'
import { refusal } from '../failures.ts'
import { parseKeys, readKeyFile } from './key-file.ts'
import type { KeyKeeper } from './key-keeper.ts'
import { Keychain } from './keychain.ts'
import { MasterKey } from './master-key.ts'
import { OwnKeyFile } from './own-key-file.ts'

/** Where the owner has the master key. */
export interface KeySettings {
  /** The program's folder, where it keeps a key of its own. */
  readonly dataDirectory: string
  /** Master keys, the first one to seal with, or the word `keychain`, as `DUOLOGUE_MASTER_KEY` has them. */
  readonly masterKey?: string
  /** A file that holds keys instead. */
  readonly masterKeyFile?: string
  /** The environment of the process that asks the keychain. */
  readonly keychainEnvironment?: Readonly<Record<string, string>>
}

/* What stands in the place of a key that is in the keychain. */
const inKeychain = 'keychain'
/* Somebody may have to come and type a password. */
const patienceMs = 60_000

/**
 * Where master keys come from: the setting, else a file that the owner names, else a place where Duologue keeps a key
 * itself, which is the keychain where the setting says so and a file of its own otherwise.
 */
export class KeySource {
  readonly ownFile: OwnKeyFile
  readonly keychain: Keychain
  /** The place of the two where Duologue keeps the key; absent where the owner gives it. */
  readonly keeper?: KeyKeeper
  readonly #settings: KeySettings
  readonly #isShared: boolean

  /** A database that others share is to have a key that they are given too, so none is made for it. */
  constructor(settings: KeySettings, { isShared }: { readonly isShared: boolean }) {
    const { dataDirectory, masterKey, masterKeyFile, keychainEnvironment = {} } = settings
    this.#settings = settings
    this.#isShared = isShared
    this.ownFile = new OwnKeyFile(join(dataDirectory, 'master.key'))
    this.keychain = new Keychain({ environment: keychainEnvironment, patienceMs })
    if (masterKey?.trim() === inKeychain) this.keeper = this.keychain
    else if (masterKey === undefined && masterKeyFile === undefined) this.keeper = this.ownFile
  }

  /** Reads the keys as they are at this moment, the one of this id among them if it is there. */
  async read(id?: string): Promise<readonly MasterKey[]> {
    if (this.keeper) return this.keeper.read(id)
    const { masterKey, masterKeyFile = '' } = this.#settings
    if (masterKey !== undefined) return parseKeys(masterKey, 'DUOLOGUE_MASTER_KEY')
    const keys = await readKeyFile(masterKeyFile)
    if (keys !== undefined) return keys
    throw refusal(`DUOLOGUE_MASTER_KEY_FILE names ${masterKeyFile}, and there is no such file`)
  }

  /** Gives the key to begin a database with, and makes it where that is allowed and there is none. */
  async readOrCreate(): Promise<MasterKey> {
    const [key] = await this.read()
    return key ?? this.#maker().create()
  }

  /** Gives another key to seal with: the first that the owner gives, or one made by chance for our own place. */
  async next(): Promise<MasterKey> {
    if (this.keeper === undefined) return this.readOrCreate()
    this.#maker()
    return MasterKey.random()
  }

  /** What the owner may do where none of the keys is the one that is wanted. */
  get advice(): string {
    switch (this.keeper) {
      case undefined:
        return 'give that one too, in DUOLOGUE_MASTER_KEY or in the file that DUOLOGUE_MASTER_KEY_FILE names'
      case this.keychain:
        return `put it back there; where it is still in ${this.ownFile.name}, run: duologue providers move-key`
      default:
        return (
          'put back its master.key, or give it as DUOLOGUE_MASTER_KEY; where it is in the keychain, set ' +
          'DUOLOGUE_MASTER_KEY to the word keychain, or run duologue providers move-key to have it in a file'
        )
    }
  }

  #maker(): KeyKeeper {
    if (this.keeper && !this.#isShared) return this.keeper
    throw refusal(
      'a database server needs a master key that every Duologue on it is given: make one with "openssl rand -hex 32", ' +
        'and give it as DUOLOGUE_MASTER_KEY or in a file that DUOLOGUE_MASTER_KEY_FILE names',
    )
  }
}

import { refusal } from '../failures.ts'
import { createKeyFile, parseKeys, readKeyFile, replaceKeyFile } from './key-file.ts'
import type { MasterKey } from './master-key.ts'

export interface KeySourceOptions {
  /** The keys themselves, as the environment gives them. */
  readonly given?: string
  /** A file of keys that the owner names. */
  readonly file?: string
  /** Where Duologue keeps a key of its own, when none is given. */
  readonly ownFile: string
  /** Whether it may make one there: only for a database that nobody else uses. */
  readonly mayCreate: boolean
}

/** Where master keys come from: the environment, else a file that the owner names, else a file of our own. */
export class KeySource {
  readonly #options: KeySourceOptions

  constructor(options: KeySourceOptions) {
    this.#options = options
  }

  /** Whether the key lies in a file of our own, which we may replace. */
  get isOwn(): boolean {
    return this.#options.given === undefined && this.#options.file === undefined
  }

  /** Reads the keys as they are at this moment, the one to begin with first; none where there is no file of our own yet. */
  async read(): Promise<readonly MasterKey[]> {
    const { given, file, ownFile } = this.#options
    if (given !== undefined) return parseKeys(given, 'DUOLOGUE_MASTER_KEY')
    const keys = await readKeyFile(file ?? ownFile)
    if (keys !== undefined) return keys
    if (file === undefined) return []
    throw refusal(`DUOLOGUE_MASTER_KEY_FILE names ${file}, and there is no such file`)
  }

  /** Gives the key to seal with, and makes it where that is allowed and there is none. */
  async readOrCreate(): Promise<MasterKey> {
    const [key] = await this.read()
    if (key !== undefined) return key
    if (this.#options.mayCreate) return createKeyFile(this.#options.ownFile)
    throw refusal(
      'a database server needs a master key that every Duologue on it is given: make one with "openssl rand -hex 32", ' +
        'and give it as DUOLOGUE_MASTER_KEY or in a file that DUOLOGUE_MASTER_KEY_FILE names',
    )
  }

  /** Puts keys into our own file, in the place of those that are there. */
  async keep(keys: readonly MasterKey[]): Promise<void> {
    await replaceKeyFile(this.#options.ownFile, keys)
  }
}

import type { MasterKey } from './master-key.ts'

/** A place where Duologue keeps master keys itself. Whoever changes what it holds is alone with the database. */
export interface KeyKeeper {
  /** How messages call it. */
  readonly name: string
  /** Gives the keys that are there; a place that knows keys only by their ids gives the one of this id. */
  read(id?: string): Promise<readonly MasterKey[]>
  /** Makes a key, and gives the one that is there then. */
  create(): Promise<MasterKey>
  /** Keeps a key beside those that are there. When it returns, the key is there for certain. */
  add(key: MasterKey): Promise<void>
  /** Forgets the keys of these ids. */
  forget(ids: readonly string[]): Promise<void>
}

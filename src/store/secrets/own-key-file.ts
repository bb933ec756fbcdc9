import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { refusal, systemCode } from '../failures.ts'
import { readKeyFile } from './key-file.ts'
import type { KeyKeeper } from './key-keeper.ts'
import { MasterKey } from './master-key.ts'

/** The file that Duologue makes for the master key, for its owner alone. A crash leaves the old keys or the new ones. */
export class OwnKeyFile implements KeyKeeper {
  readonly name: string

  constructor(path: string) {
    this.name = path
  }

  async read(): Promise<readonly MasterKey[]> {
    return (await readKeyFile(this.name)) ?? []
  }

  /** Another process may be faster; then its key is the one. */
  async create(): Promise<MasterKey> {
    const draft = await this.#draft([MasterKey.random()])
    try {
      // Unlike a rename, a link never replaces a file.
      await link(draft, this.name)
      await syncFolder(dirname(this.name))
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    } finally {
      await rm(draft, { force: true })
    }
    const [key] = await this.read()
    if (key === undefined) throw refusal(`the master key's file ${this.name} was removed while it was made; try again`)
    return key
  }

  async add(key: MasterKey): Promise<void> {
    await this.#replace([...(await this.read()), key])
  }

  async forget(ids: readonly string[]): Promise<void> {
    const kept = (await this.read()).filter(({ id }) => !ids.includes(id))
    if (kept.length > 0) await this.#replace(kept)
    else await rm(this.name, { force: true })
    await this.#sweep()
    await syncFolder(dirname(this.name))
  }

  async #replace(keys: readonly MasterKey[]): Promise<void> {
    await rename(await this.#draft(keys), this.name)
    await syncFolder(dirname(this.name))
  }

  async #draft(keys: readonly MasterKey[]): Promise<string> {
    const draft = `${this.name}.${randomBytes(6).toString('hex')}.draft`
    await mkdir(dirname(draft), { recursive: true, mode: 0o700 })
    const handle = await open(draft, 'wx', 0o600).catch((error: unknown) => {
      throw refusal(`the master key's file ${this.name} cannot be written: check the rights of its folder`, error)
    })
    try {
      await handle.writeFile(keys.map(key => `${key.reveal()}\n`).join(''))
      await handle.sync()
    } finally {
      await handle.close()
    }
    return draft
  }

  /* A program that was killed left its draft, and a key in it. */
  async #sweep(): Promise<void> {
    const folder = dirname(this.name)
    const prefix = `${basename(this.name)}.`
    const drafts = (await readdir(folder)).filter(name => name.startsWith(prefix) && name.endsWith('.draft'))
    for (const draft of drafts) await rm(join(folder, draft), { force: true })
  }
}

/* So that a new name in it is not lost in a power cut. Some systems do not sync folders. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

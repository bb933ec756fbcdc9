import { changesBetween } from './changes.ts'
import type { Changes } from './changes.ts'
import type { Snapshot } from './config.ts'
import { formatFaults } from './fault.ts'
import type { Fault } from './fault.ts'
import { findFile, readConfig } from './open-config.ts'
import type { ConfigPlace, Reading } from './open-config.ts'
import { watchFolders } from './watch-folders.ts'

/** What happened to the configuration while the program runs. */
export type ConfigNews =
  /** Another snapshot is in force. Requests under way keep the one that they began with. */
  | {
      readonly type: 'changed'
      readonly before: Snapshot
      readonly snapshot: Snapshot
      readonly changes: Changes
      readonly warnings: readonly Fault[]
    }
  /** What was read cannot be used, so the last snapshot stays in force. Told once for each change. */
  | { readonly type: 'refused'; readonly path: string; readonly message: string; readonly faults: readonly Fault[] }
  /** Changes of this folder go unnoticed; whoever makes one asks for a reload. */
  | { readonly type: 'blind'; readonly folder: string }

/** A configuration that follows its file. */
export interface ConfigWatch {
  /** The snapshot in force, frozen. */
  current(): Snapshot
  /** Calls a listener for all that happens from here on. Gives what ends that. */
  onNews(listener: (news: ConfigNews) => void): () => void
  /** Reads again at once, and tells of faults even where nothing changed. */
  reload(): Promise<void>
  close(): void
}

export interface WatchOptions extends ConfigPlace {
  /** What the program began with. */
  readonly first: Snapshot
  /** How long a file must be at rest before it is read: an editor writes in several steps. */
  readonly restMs?: number
}

/**
 * Follows the configuration file and all that it refers to. Each change is read as a whole: what can be used takes
 * force at once, and what cannot leaves the last snapshot as it was.
 */
export function watchConfig({ first, restMs = 100, ...place }: WatchOptions): ConfigWatch {
  return new FollowedConfig({ first, restMs, ...place })
}

class FollowedConfig implements ConfigWatch {
  readonly #options: WatchOptions & { readonly restMs: number }
  readonly #listeners = new Set<(news: ConfigNews) => void>()
  readonly #folders = watchFolders({
    onChange: () => this.#readSoon(),
    // Whoever began to watch has no listener yet.
    onBlind: folder => queueMicrotask(() => this.#tell({ type: 'blind', folder })),
  })
  #current: Snapshot
  #hadFile: boolean
  #told: string | undefined
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: WatchOptions & { readonly restMs: number }) {
    this.#options = options
    this.#current = options.first
    this.#hadFile = options.first.file !== undefined
    this.#folders.follow([findFile(options).path])
    // The file may have changed between its first reading and this moment.
    this.#readSoon()
  }

  current(): Snapshot {
    return this.#current
  }

  onNews(listener: (news: ConfigNews) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  reload(): Promise<void> {
    this.#told = undefined
    return this.#readNext()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#folders.close()
    this.#listeners.clear()
  }

  #readSoon(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#readNext(), this.#options.restMs).unref()
  }

  /* One reading after the other, so that an older one never comes last. */
  #readNext(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    const reading = await readConfig(this.#options)
    if (this.#isClosed) return
    this.#folders.follow(reading.files)
    if (reading.revision === this.#told) return
    this.#told = reading.revision
    // To go on without the file would forget its keys and what it forbids.
    if (!reading.hasFile && this.#hadFile) return this.#refuse(reading, [{ message: `${reading.path} is gone` }])
    if (reading.type === 'faulty') return this.#refuse(reading, reading.faults)
    this.#hadFile = reading.hasFile
    this.#accept(reading.snapshot, reading.warnings)
  }

  #accept(snapshot: Snapshot, warnings: readonly Fault[]): void {
    const before = this.#current
    const changes = changesBetween(before, snapshot)
    this.#current = snapshot
    if (changes.settings.length + changes.sections.length === 0) return
    this.#tell({ type: 'changed', before, snapshot, changes, warnings })
  }

  #refuse({ path }: Reading, faults: readonly Fault[]): void {
    this.#tell({ type: 'refused', path, message: formatFaults(faults), faults })
  }

  #tell(news: ConfigNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}

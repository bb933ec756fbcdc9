import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchivePlace, ArchivePlaces } from '../messages.ts'
import { isUnchanged, label, readFolder, removeState, statePath } from './archive-folder.ts'
import type { Archived } from './archive-folder.ts'
import { pinnedTokens } from './lane.ts'
import type { Pin } from './lane.ts'
import type { LanguageModel } from './language-model.ts'
import { commonPrefix, reusable } from './slots.ts'
import type { Arrival } from './slots.ts'

export type { Archived } from './archive-folder.ts'

/**
 * Conversations that made way, written away: first to memory, then to disk. Each place has a budget; what was not used
 * for longest leaves first, and what is pinned leaves last. Nothing that fails here is worse than evaluating again.
 */
export interface Archive {
  entries(): readonly Archived[]
  /** The tokens of conversations that could not be kept, latest last. */
  gone(): readonly Uint32Array[]
  /** Gives the entry that stands for most of a prompt. */
  find(arrival: Arrival): { readonly entry: Archived; readonly keep: number } | undefined
  /** Whether any beginning of an entry can be gone on from, and not only its end. */
  isWhole(entry: Archived): boolean
  /** Writes away what a slot holds. */
  save(state: SlotState): Promise<void>
  /** Brings an entry back into a slot; false where its file was not what was written, and is gone now. */
  restore(entry: Archived, slot: number): Promise<boolean>
  /** Moves to disk what is in memory, where there is a disk, and waits for what is under way. */
  close(): Promise<void>
}

/** What a slot holds, with how it came there and how long it was promised. */
export interface SlotState extends Pick<Archived, 'tokens' | 'bulkTokens' | 'pins'> {
  readonly slot: number
}

export interface ArchiveOptions {
  readonly model: Pick<LanguageModel, 'saveSlot' | 'loadSlot' | 'contextTokens' | 'wholeFileTokens'>
  readonly places: ArchivePlaces
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Opens the archive: what earlier processes left is found again. */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const archive = new TwoPlaceArchive(options)
  await archive.adopt()
  return archive
}

type PlaceName = keyof ArchivePlaces

interface Held {
  readonly entry: Archived
  place: PlaceName
  /** Whether the file was written by this process. */
  readonly isOwn: boolean
  isLeaving: boolean
}

const mostEntries = 256
const mostGone = 16

class TwoPlaceArchive implements Archive {
  readonly #options: ArchiveOptions
  #held: Held[] = []
  #gone: readonly Uint32Array[] = []
  /** Labels, moves and removals, one after the other, beside the model's work. */
  #background: Promise<void> = Promise.resolve()

  constructor(options: ArchiveOptions) {
    this.#options = options
  }

  async adopt(): Promise<void> {
    for (const name of ['memory', 'disk'] as const) {
      const place = this.#options.places[name]
      if (!place) continue
      // A folder that cannot be read holds nothing for us; the model is loaded all the same.
      const found = await readFolder(place.directory, this.#options.model.contextTokens).catch(() => [])
      for (const entry of found) {
        this.#held.push({ entry, place: name, isOwn: false, isLeaving: false })
      }
    }
    this.#fit()
    await this.#settle()
  }

  entries(): readonly Archived[] {
    return this.#held.map(({ entry }) => entry)
  }

  gone(): readonly Uint32Array[] {
    return this.#gone
  }

  find(arrival: Arrival): { readonly entry: Archived; readonly keep: number } | undefined {
    return this.entries()
      .map(entry => ({ entry, keep: reusable(entry, { ...arrival, canForget: this.isWhole(entry) }) }))
      .toSorted((a, b) => b.keep - a.keep || a.entry.sizeBytes - b.entry.sizeBytes)[0]
  }

  async save({ slot, tokens, bulkTokens, pins }: SlotState): Promise<void> {
    const held = this.#held.find(({ entry }) => this.#standsFor(entry, tokens))
    if (held) return this.#touch(held.entry, pins)
    const place = this.#options.places.memory ? 'memory' : 'disk'
    const entry = await this.#write({ slot, tokens, bulkTokens, pins }, this.#options.places[place])
    if (!entry) return this.#mourn(tokens)
    for (const older of this.#held.filter(each => isBeginning(each.entry, tokens))) this.#drop(older)
    this.#held.push({ entry, place, isOwn: true, isLeaving: false })
    this.#later(async () => this.#labelWhereItIs(entry))
    this.#fit()
    if (this.#isBehind()) await this.#settle()
  }

  async restore(entry: Archived, slot: number): Promise<boolean> {
    const held = this.#held.find(each => each.entry === entry)
    const place = held && this.#options.places[held.place]
    if (!held || !place) return false
    if (await this.#isLoaded(held, place, slot)) {
      this.#touch(entry, [])
      return true
    }
    this.#drop(held)
    return false
  }

  async close(): Promise<void> {
    const inMemory = this.#options.places.disk ? this.#held.filter(({ place }) => place === 'memory') : []
    for (const held of inMemory) this.#leaveMemory(held)
    await this.#settle()
    // A folder that holds nothing any more is not left behind; one that does is another process's too.
    const { memory } = this.#options.places
    if (memory) await rmdir(memory.directory).catch(() => {})
  }

  async #write(state: SlotState, place: ArchivePlace | undefined): Promise<Archived | undefined> {
    if (!place) return undefined
    const id = randomBytes(16).toString('hex')
    const part = join(place.directory, `${id}.part`)
    try {
      // Another process of this model may have found the folder empty when it ended, and removed it.
      await mkdir(place.directory, { recursive: true, mode: 0o700 })
      await this.#options.model.saveSlot(state.slot, part, state.tokens)
      const { size } = await stat(part)
      await rename(part, statePath(place.directory, id))
      const { tokens, bulkTokens, pins } = state
      return { id, tokens, bulkTokens, pins, sizeBytes: size, lastUsedMs: this.#options.now() }
    } catch {
      // A full disk is the usual cause. The conversation is evaluated again when it comes back.
      await rm(part, { force: true }).catch(() => {})
      return undefined
    }
  }

  async #isLoaded({ entry, isOwn }: Held, { directory }: ArchivePlace, slot: number): Promise<boolean> {
    const path = statePath(directory, entry.id)
    try {
      if ((await stat(path)).size !== entry.sizeBytes) return false
      if (!isOwn && !(await isUnchanged(directory, entry.id))) return false
      const tokens = await this.#options.model.loadSlot(slot, path)
      return tokens.length === entry.tokens.length && commonPrefix(tokens, entry.tokens) === tokens.length
    } catch {
      return false
    }
  }

  isWhole({ tokens }: Archived): boolean {
    return tokens.length <= this.#options.model.wholeFileTokens
  }

  #standsFor(entry: Archived, tokens: Uint32Array): boolean {
    const isUsable = this.isWhole(entry) || entry.tokens.length === tokens.length
    return isUsable && commonPrefix(entry.tokens, tokens) === tokens.length
  }

  #touch(entry: Archived, pins: readonly Pin[]): void {
    entry.lastUsedMs = this.#options.now()
    if (pins.length > 0) entry.pins = pins
  }

  /** Makes every place fit its budget. */
  #fit(): void {
    const { memory, disk } = this.#options.places
    for (const held of this.#surplus('memory', memory)) this.#leaveMemory(held)
    for (const held of this.#surplus('disk', disk)) this.#drop(held)
    for (const held of this.#leavingOrder(this.#held).slice(0, Math.max(0, this.#held.length - mostEntries)))
      this.#drop(held)
  }

  #surplus(name: PlaceName, place: ArchivePlace | undefined): readonly Held[] {
    const here = this.#held.filter(held => held.place === name && !held.isLeaving)
    let bytes = here.reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
    return this.#leavingOrder(here).filter(({ entry }) => {
      if (bytes <= (place?.maxBytes ?? 0)) return false
      bytes -= entry.sizeBytes
      return true
    })
  }

  /* What waits to be moved takes memory too: where the disk is slow, saving waits for it. */
  #isBehind(): boolean {
    const leaving = this.#held.filter(held => held.place === 'memory' && held.isLeaving)
    const bytes = leaving.reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
    return bytes > (this.#options.places.memory?.maxBytes ?? 0) / 2
  }

  #leavingOrder(held: readonly Held[]): readonly Held[] {
    const nowMs = this.#options.now()
    const isPinned = ({ entry }: Held): boolean => pinnedTokens(entry.pins, nowMs) > 0
    return held.toSorted((a, b) => Number(isPinned(a)) - Number(isPinned(b)) || a.entry.lastUsedMs - b.entry.lastUsedMs)
  }

  #leaveMemory(held: Held): void {
    const { memory, disk } = this.#options.places
    if (!memory || !disk || held.entry.sizeBytes > disk.maxBytes) return this.#drop(held)
    held.isLeaving = true
    this.#later(async () => {
      if (!this.#held.includes(held)) return
      await this.#move(held, { memory, disk })
    })
  }

  async #move(held: Held, { memory, disk }: { memory: ArchivePlace; disk: ArchivePlace }): Promise<void> {
    const { id } = held.entry
    const part = join(disk.directory, `${id}.part`)
    try {
      await copyFile(statePath(memory.directory, id), part)
      await rename(part, statePath(disk.directory, id))
      await label(disk.directory, held.entry)
      held.place = 'disk'
      held.isLeaving = false
      await removeState(memory.directory, id)
      this.#fit()
    } catch {
      await rm(part, { force: true }).catch(() => {})
      this.#drop(held)
    }
  }

  #drop(held: Held): void {
    this.#held = this.#held.filter(each => each !== held)
    this.#mourn(held.entry.tokens)
    this.#later(async () => {
      for (const place of Object.values(this.#options.places)) await removeState(place.directory, held.entry.id)
    })
  }

  async #labelWhereItIs(entry: Archived): Promise<void> {
    const held = this.#held.find(each => each.entry.id === entry.id)
    const place = held && this.#options.places[held.place]
    if (place) await label(place.directory, held.entry)
  }

  #mourn(tokens: Uint32Array): void {
    this.#gone = [...this.#gone, tokens].slice(-mostGone)
  }

  /* What is done in the background may leave more to do. */
  async #settle(): Promise<void> {
    for (let last; last !== this.#background;) {
      last = this.#background
      await last
    }
  }

  #later(task: () => Promise<void>): void {
    this.#background = this.#background.then(task).catch(() => {})
  }
}

/* An entry that is the beginning of a later one of the same conversation serves nobody any more. */
function isBeginning({ tokens }: Archived, later: Uint32Array): boolean {
  return tokens.length <= later.length && commonPrefix(tokens, later) === tokens.length
}

import { copyFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateSize } from '../../gguf/memory.ts'
import type { ArchivePlace, ArchivePlaces } from '../messages.ts'
import { isUnchanged, label, readFolder, removeState, statePath } from './archive-folder.ts'
import type { Archived } from './archive-folder.ts'
import { pinnedTokens } from './lane.ts'
import type { LanguageModel } from './language-model.ts'
import { commonPrefix, reusable } from './slots.ts'
import type { Arrival } from './slots.ts'
import { StateWriter } from './state-writer.ts'
import type { PlaceName, SaveTerms, SlotState } from './state-writer.ts'

export type { Archived } from './archive-folder.ts'

/**
 * Conversations that made way, written away: to memory where that holds them, or else to disk. Each place has a budget;
 * what was not used for longest leaves first, and what is pinned leaves last. Nothing that fails here is worse than
 * evaluating again.
 */
export interface Archive {
  entries(): readonly Archived[]
  /** The tokens of conversations that could not be kept, latest last. */
  gone(): readonly Uint32Array[]
  /** Gives the entry that stands for most of a prompt. */
  find(arrival: Arrival): { readonly entry: Archived; readonly keep: number } | undefined
  /** Whether any beginning of an entry can be gone on from, and not only its end. */
  isWhole(entry: Archived): boolean
  /** How many of a conversation's first tokens an entry stands for. */
  kept(tokens: ArrayLike<number>): number
  /** Notes that what a slot went on from was used when the slot was. */
  renew(state: Pick<SlotState, 'tokens' | 'pins' | 'lastUsedMs'>): void
  /** Writes away what a slot holds, unless little of it is not kept yet, or that takes longer than it is worth. */
  save(state: SlotState, terms: KeepTerms): Promise<void>
  /** Brings an entry back into a slot; false where its file was not what was written, and is gone now. */
  restore(entry: Archived, slot: number): Promise<boolean>
  /** Moves to disk what is in memory, where there is a disk, and waits for what is under way. */
  close(): Promise<void>
}

/** What keeping may cost, and what for. */
export interface KeepTerms extends SaveTerms {
  /** How many tokens that are not kept yet are worth a file. */
  readonly leastTokens: number
  /** Whether a slot goes on holding it, so that nothing that was used later, or is pinned, makes way for it. */
  readonly isSpare?: boolean
}

export interface ArchiveOptions {
  readonly model: Pick<LanguageModel, 'saveSlot' | 'loadSlot' | 'contextTokens' | 'wholeFileTokens'>
  readonly places: ArchivePlaces
  readonly stateSize: StateSize
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Opens the archive: what earlier processes left is found again. */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const archive = new TwoPlaceArchive(options)
  await archive.adopt()
  return archive
}

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
  readonly #writer: StateWriter
  #held: Held[] = []
  #gone: readonly Uint32Array[] = []
  /** Labels, moves and removals, one after the other, beside the model's work. */
  #background: Promise<void> = Promise.resolve()

  constructor(options: ArchiveOptions) {
    this.#options = options
    this.#writer = new StateWriter(options)
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

  kept(tokens: ArrayLike<number>): number {
    return Math.max(0, ...this.#held.map(({ entry }) => this.#standsFor(entry, tokens)))
  }

  renew({ tokens, pins, lastUsedMs }: Pick<SlotState, 'tokens' | 'pins' | 'lastUsedMs'>): void {
    for (const { entry } of this.#held) {
      if (lastUsedMs > entry.lastUsedMs && isBeginning(entry, tokens)) touch(entry, { pins, lastUsedMs })
    }
  }

  async save(state: SlotState, terms: KeepTerms): Promise<void> {
    const { tokens } = state
    const held = this.#held.find(({ entry }) => tokens.length - this.#standsFor(entry, tokens) < terms.leastTokens)
    if (held) return touch(held.entry, state)
    const replaced = this.#held.filter(({ entry }) => isBeginning(entry, tokens))
    const makeRoom = (place: PlaceName, bytes: number): boolean => {
      const more = bytes - bytesOf(replaced.filter(each => each.place === place))
      if (terms.isSpare === true && this.#costsMoreMissed(state, place, more)) return false
      return this.#makeRoom(place, more)
    }
    const written = await this.#writer.write(state, { ...terms, makeRoom })
    if (!written) return terms.isSpare === true ? undefined : this.#mourn(tokens)
    const { entry, place } = written
    for (const older of replaced.filter(each => this.#held.includes(each))) this.#drop(older)
    this.#held.push({ entry, place, isOwn: true, isLeaving: false })
    this.#later(async () => this.#labelWhereItIs(entry))
    this.#fit()
  }

  async restore(entry: Archived, slot: number): Promise<boolean> {
    const held = this.#held.find(each => each.entry === entry)
    const place = held && this.#options.places[held.place]
    if (!held || !place) return false
    if (await this.#isLoaded(held, place, slot)) {
      touch(entry, { pins: [], lastUsedMs: this.#options.now() })
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

  #standsFor(entry: Archived, tokens: ArrayLike<number>): number {
    const common = commonPrefix(entry.tokens, tokens)
    return this.isWhole(entry) || common === entry.tokens.length ? common : 0
  }

  /** Whether what would leave a place for a state is missed more than that. */
  #costsMoreMissed(state: SlotState, place: PlaceName, bytes: number): boolean {
    return this.#surplus(place, bytes).some(({ entry }) => this.#byMissed(state, entry) < 0)
  }

  /** Lets go what has no room beside what comes; false where memory is still full of what goes to a slow disk. */
  #makeRoom(place: PlaceName, bytes: number): boolean {
    this.#fit({ [place]: bytes })
    return place === 'disk' || !this.#isBehind()
  }

  /** Makes every place fit its budget, with what comes there. */
  #fit(coming: Partial<Readonly<Record<PlaceName, number>>> = {}): void {
    for (const held of this.#surplus('memory', coming.memory)) this.#leaveMemory(held)
    for (const held of this.#surplus('disk', coming.disk)) this.#drop(held)
    for (const held of this.#leavingOrder(this.#held).slice(0, Math.max(0, this.#held.length - mostEntries)))
      this.#drop(held)
  }

  #surplus(name: PlaceName, coming = 0): readonly Held[] {
    const place = this.#options.places[name]
    const here = this.#held.filter(held => held.place === name && !held.isLeaving)
    let bytes = bytesOf(here) + coming
    return this.#leavingOrder(here).filter(({ entry }) => {
      if (bytes <= (place?.maxBytes ?? 0)) return false
      bytes -= entry.sizeBytes
      return true
    })
  }

  /* What waits to be moved takes memory too, up to half as much as may stay. */
  #isBehind(): boolean {
    const leaving = this.#held.filter(held => held.place === 'memory' && held.isLeaving)
    return bytesOf(leaving) > (this.#options.places.memory?.maxBytes ?? 0) / 2
  }

  #leavingOrder(held: readonly Held[]): readonly Held[] {
    return held.toSorted((a, b) => this.#byMissed(a.entry, b.entry))
  }

  #byMissed(a: Missed, b: Missed): number {
    const nowMs = this.#options.now()
    const isPinned = ({ pins }: Missed): number => Number(pinnedTokens(pins, nowMs) > 0)
    return isPinned(a) - isPinned(b) || a.lastUsedMs - b.lastUsedMs
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

type Missed = Pick<Archived, 'pins' | 'lastUsedMs'>

function touch(entry: Archived, { pins, lastUsedMs }: Missed): void {
  entry.lastUsedMs = lastUsedMs
  if (pins.length > 0) entry.pins = pins
}

function bytesOf(held: readonly Held[]): number {
  return held.reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
}

/* An entry that is the beginning of a later one of the same conversation serves nobody any more. */
function isBeginning({ tokens }: Archived, later: Uint32Array): boolean {
  return tokens.length <= later.length && commonPrefix(tokens, later) === tokens.length
}

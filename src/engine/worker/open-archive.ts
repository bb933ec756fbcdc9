import { rmdir } from 'node:fs/promises'
import type { StateSize } from '../../gguf/memory.ts'
import type { ArchivePlace, ArchivePlaces } from '../messages.ts'
import type { Archive, KeepTerms } from './archive.ts'
import { copyState, isSound, label, readFolder, removeState, statePath } from './archive-folder.ts'
import type { Archived } from './archive-folder.ts'
import { Background } from './background.ts'
import { byMissed, noteUse } from './leaving-order.ts'
import type { LanguageModel } from './language-model.ts'
import { PlaceHealth } from './place-health.ts'
import type { PlaceHealthOptions } from './place-health.ts'
import { commonPrefix, reusable } from './slots.ts'
import type { Arrival } from './slots.ts'
import { placeNames, StateWriter } from './state-writer.ts'
import type { PlaceName, SlotState } from './state-writer.ts'
import { longestMoveMs, within } from '../within.ts'

export interface ArchiveOptions extends PlaceHealthOptions {
  readonly model: Pick<LanguageModel, 'saveSlot' | 'loadSlot' | 'contextTokens' | 'wholeFileTokens'>
  readonly places: ArchivePlaces
  readonly stateSize: StateSize
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

/* A model that loads waits for it, and nobody knows yet what is in the folder. */
const longestAdoptionMs = 10_000

/* A disk that sleeps takes longer for its first bytes than small conversations are worth. */
const leastReadingMs = 2000

class TwoPlaceArchive implements Archive {
  readonly #options: ArchiveOptions
  readonly #writer: StateWriter
  #held: Held[] = []
  #gone: readonly Uint32Array[] = []
  readonly #health: PlaceHealth
  /** Labels, moves and removals. */
  readonly #background = new Background()

  constructor(options: ArchiveOptions) {
    this.#options = options
    this.#health = new PlaceHealth(options)
    this.#writer = new StateWriter({ ...options, health: this.#health })
  }

  async adopt(): Promise<void> {
    for (const name of placeNames) {
      const place = this.#options.places[name]
      if (!place) continue
      // A folder that cannot be read holds nothing for us; the model is loaded all the same.
      const reading = readFolder(place.directory, this.#options.model.contextTokens)
      const found = await within(reading, longestAdoptionMs).catch((error: unknown) => {
        this.#health.failed(name, 'read', error)
        return []
      })
      for (const entry of found) {
        this.#held.push({ entry, place: name, isOwn: false, isLeaving: false })
      }
    }
    this.#fit()
    await this.#background.settle()
  }

  entries(): readonly Archived[] {
    return this.#held.map(({ entry }) => entry)
  }

  gone(): readonly Uint32Array[] {
    return this.#gone
  }

  find(arrival: Arrival): { readonly entry: Archived; readonly keep: number } | undefined {
    return this.#held
      .filter(({ place }) => this.#health.isUsable(place, 'read'))
      .map(({ entry }) => ({ entry, keep: reusable(entry, { ...arrival, canForget: this.isWhole(entry) }) }))
      .toSorted((a, b) => b.keep - a.keep || a.entry.sizeBytes - b.entry.sizeBytes)[0]
  }

  canHold(tokens: number): boolean {
    return this.#writer.canHold(tokens)
  }

  kept(tokens: ArrayLike<number>): number {
    return Math.max(0, ...this.#held.map(({ entry }) => this.#standsFor(entry, tokens)))
  }

  renew({ tokens, pins, lastUsedMs }: Pick<SlotState, 'tokens' | 'pins' | 'lastUsedMs'>): void {
    for (const { entry } of this.#held) {
      if (lastUsedMs > entry.lastUsedMs && isBeginning(entry, tokens)) noteUse(entry, { pins, lastUsedMs })
    }
  }

  async save(state: SlotState, terms: KeepTerms): Promise<void> {
    const { tokens } = state
    const held = this.#held.find(({ entry }) => tokens.length - this.#standsFor(entry, tokens) < terms.leastTokens)
    if (held) return noteUse(held.entry, state)
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
    this.#background.add(async () => this.#labelWhereItIs(entry))
    this.#fit()
  }

  async restore(entry: Archived, { slot, withinMs }: { slot: number; withinMs: number }): Promise<boolean> {
    const held = this.#held.find(each => each.entry === entry)
    const place = held && this.#options.places[held.place]
    if (!held || !place) return false
    try {
      // The native engine's own reading cannot be given up.
      const trust = { isOwn: held.isOwn, isInMemory: held.place === 'memory' }
      const isWhole = await within(isSound(place.directory, entry, trust), Math.max(withinMs, leastReadingMs))
      this.#health.worked(held.place, 'read')
      if (isWhole && (await this.#isLoaded(entry, statePath(place.directory, entry.id), slot))) {
        noteUse(entry, { pins: [], lastUsedMs: this.#options.now() })
        return true
      }
      this.#drop(held)
    } catch (error) {
      this.#health.failed(held.place, 'read', error)
    }
    return false
  }

  async close(): Promise<void> {
    const inMemory = this.#options.places.disk ? this.#held.filter(({ place }) => place === 'memory') : []
    for (const held of inMemory) this.#leaveMemory(held)
    await this.#background.settle()
    // A folder that holds nothing any more is not left behind; one that does is another process's too.
    const { memory } = this.#options.places
    if (memory) await rmdir(memory.directory).catch(() => {})
  }

  async #isLoaded(entry: Archived, path: string, slot: number): Promise<boolean> {
    try {
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
    const order = byMissed(this.#options.now())
    return this.#surplus(place, bytes).some(({ entry }) => order(state, entry) < 0)
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
    const order = byMissed(this.#options.now())
    return held.toSorted((a, b) => order(a.entry, b.entry))
  }

  #leaveMemory(held: Held): void {
    const { memory, disk } = this.#options.places
    const { sizeBytes } = held.entry
    const isGiven = disk && sizeBytes <= disk.maxBytes && this.#health.isUsable('disk', 'write')
    if (!memory || !isGiven) return this.#drop(held)
    held.isLeaving = true
    this.#background.add(async () => {
      if (!this.#held.includes(held)) return
      try {
        await within(this.#move(held, { memory, disk }), longestMoveMs(sizeBytes))
        this.#health.worked('disk', 'write')
      } catch (error) {
        this.#health.failed('disk', 'write', error)
        this.#drop(held)
      }
    })
  }

  async #move(held: Held, { memory, disk }: { memory: ArchivePlace; disk: ArchivePlace }): Promise<void> {
    await copyState(held.entry, { from: memory.directory, to: disk.directory })
    held.place = 'disk'
    held.isLeaving = false
    await removeState(memory.directory, held.entry.id)
    this.#fit()
  }

  #drop(held: Held): void {
    this.#held = this.#held.filter(each => each !== held)
    this.#mourn(held.entry.tokens)
    for (const name of placeNames) {
      const place = this.#options.places[name]
      if (!place || !this.#health.isUsable(name, 'read')) continue
      this.#background.add(() => within(removeState(place.directory, held.entry.id), longestMoveMs(0)))
    }
  }

  async #labelWhereItIs(entry: Archived): Promise<void> {
    const held = this.#held.find(each => each.entry.id === entry.id)
    const place = held && this.#options.places[held.place]
    if (place) await within(label(place.directory, held.entry), longestMoveMs(held.entry.sizeBytes))
  }

  #mourn(tokens: Uint32Array): void {
    this.#gone = [...this.#gone, tokens].slice(-mostGone)
  }
}

function bytesOf(held: readonly Held[]): number {
  return held.reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
}

/* An entry that is the beginning of a later one of the same conversation serves nobody any more. */
function isBeginning({ tokens }: Archived, later: Uint32Array): boolean {
  return tokens.length <= later.length && commonPrefix(tokens, later) === tokens.length
}

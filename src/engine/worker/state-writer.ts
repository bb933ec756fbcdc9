import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateSize } from '../../gguf/memory.ts'
import type { ArchivePlace, ArchivePlaces } from '../messages.ts'
import { statePath } from './archive-folder.ts'
import type { Archived } from './archive-folder.ts'
import type { LanguageModel } from './language-model.ts'
import type { PlaceHealth } from './place-health.ts'
import { within } from '../within.ts'
import { WriteTimes } from './write-times.ts'

export type PlaceName = keyof ArchivePlaces

/** What a slot holds, with how it came there, how long it was promised and when it was used. */
export interface SlotState extends Pick<Archived, 'tokens' | 'bulkTokens' | 'pins' | 'lastUsedMs'> {
  readonly slot: number
}

/** Where a state was written. */
export interface Written {
  readonly entry: Archived
  readonly place: PlaceName
}

export interface StateWriterOptions {
  readonly model: Pick<LanguageModel, 'saveSlot'>
  readonly places: ArchivePlaces
  readonly stateSize: StateSize
  readonly health: PlaceHealth
}

/** What writing may cost. */
export interface SaveTerms {
  readonly worthMs: number
  /** Called before a file of about so many bytes is written. */
  readonly onWrite: (bytes: number) => void
}

interface WriteTerms extends SaveTerms {
  /** Makes a place ready for so many bytes; false where it cannot be at this moment. */
  readonly makeRoom: (place: PlaceName, bytes: number) => boolean
}

/* What llama.cpp writes of a token beside keys and values: the token, and for each kind of layer where it stands. */
const bytesBesides = 28

/* The same of a whole file, with what it says of each layer. */
const bytesAround = 16_384

/** Where states are written, the first choice first. */
export const placeNames = ['memory', 'disk'] as const

/** Writes states to the first place that can hold them, and is quick enough. */
export class StateWriter {
  readonly #options: StateWriterOptions
  readonly #times = new WriteTimes()

  constructor(options: StateWriterOptions) {
    this.#options = options
  }

  /** Whether a place may hold what so many tokens take. */
  canHold(tokens: number): boolean {
    const bytes = this.#expectedBytes(tokens)
    return placeNames.some(name => this.#findPlace(name, bytes) !== undefined)
  }

  /** Writes what a slot holds; undefined where no place can hold it, or none is worth the time. */
  async write(state: SlotState, { worthMs, makeRoom, onWrite }: WriteTerms): Promise<Written | undefined> {
    const bytes = this.#expectedBytes(state.tokens.length)
    for (const name of placeNames) {
      const place = this.#findPlace(name, bytes)
      if (!place || !this.#times.isWorthIt(name, bytes, worthMs)) continue
      try {
        await within(requireFree(place, bytes), longestAnswerMs)
        if (!makeRoom(name, bytes)) continue
        onWrite(bytes)
        return { entry: await this.#writeTo(name, place, state), place: name }
      } catch (error) {
        this.#options.health.failed(name, 'write', error)
      }
    }
    return undefined
  }

  #findPlace(name: PlaceName, bytes: number): ArchivePlace | undefined {
    const place = this.#options.places[name]
    return place && bytes <= place.maxBytes && this.#options.health.isUsable(name, 'write') ? place : undefined
  }

  /** How large the file of so many tokens will be, rather too large than too small. */
  #expectedBytes(tokens: number): number {
    const { bytes, bytesPerToken } = this.#options.stateSize
    return Math.ceil(bytes + tokens * (bytesPerToken + bytesBesides) + bytesAround)
  }

  async #writeTo(name: PlaceName, { directory }: ArchivePlace, state: SlotState): Promise<Archived> {
    const began = performance.now()
    const id = randomBytes(16).toString('hex')
    const part = join(directory, `${id}.part`)
    try {
      await this.#options.model.saveSlot(state.slot, part, state.tokens)
      const { size } = await stat(part)
      await rename(part, statePath(directory, id))
      this.#times.note(name, size, performance.now() - began)
      this.#options.health.worked(name, 'write')
      const { tokens, bulkTokens, pins, lastUsedMs } = state
      return { id, tokens, bulkTokens, pins, sizeBytes: size, lastUsedMs }
    } catch (error) {
      // A full place is the usual cause.
      await within(rm(part, { force: true }), longestAnswerMs).catch(() => {})
      throw error
    }
  }
}

/* What does not even say how much room it has would hold up everything. */
const longestAnswerMs = 2000

/** Throws where a place has no room for so many bytes, whoever else writes there. */
async function requireFree({ directory }: ArchivePlace, bytes: number): Promise<void> {
  // Another process of this model may have found the folder empty when it ended, and removed it.
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize < bytes) throw new Error(`${bytes} bytes are more than the ${bavail * bsize} that are free`)
}

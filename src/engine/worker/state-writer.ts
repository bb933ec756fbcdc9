import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateSize } from '../../gguf/memory.ts'
import type { ArchivePlace, ArchivePlaces } from '../messages.ts'
import { statePath } from './archive-folder.ts'
import type { Archived } from './archive-folder.ts'
import type { LanguageModel } from './language-model.ts'
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
  /** Milliseconds since 1970. */
  readonly now: () => number
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

const placeNames = ['memory', 'disk'] as const

/** Writes states to the first place that can hold them, and is quick enough. */
export class StateWriter {
  readonly #options: StateWriterOptions
  readonly #times = new WriteTimes()

  constructor(options: StateWriterOptions) {
    this.#options = options
  }

  /** Writes what a slot holds; undefined where no place can hold it, or none is worth the time. */
  async write(state: SlotState, { worthMs, makeRoom, onWrite }: WriteTerms): Promise<Written | undefined> {
    const bytes = this.#expectedBytes(state.tokens.length)
    for (const name of placeNames) {
      const place = this.#options.places[name]
      if (!place || bytes > place.maxBytes || !this.#times.isWorthIt(name, bytes, worthMs)) continue
      if (!(await isFree(place, bytes)) || !makeRoom(name, bytes)) continue
      onWrite(bytes)
      const began = performance.now()
      const entry = await this.#writeTo(place, state)
      if (!entry) continue
      this.#times.note(name, entry.sizeBytes, performance.now() - began)
      return { entry, place: name }
    }
    return undefined
  }

  /** How large the file of so many tokens will be, rather too large than too small. */
  #expectedBytes(tokens: number): number {
    const { bytes, bytesPerToken } = this.#options.stateSize
    return Math.ceil(bytes + tokens * (bytesPerToken + bytesBesides) + bytesAround)
  }

  async #writeTo({ directory }: ArchivePlace, state: SlotState): Promise<Archived | undefined> {
    const id = randomBytes(16).toString('hex')
    const part = join(directory, `${id}.part`)
    try {
      await this.#options.model.saveSlot(state.slot, part, state.tokens)
      const { size } = await stat(part)
      await rename(part, statePath(directory, id))
      const { tokens, bulkTokens, pins, lastUsedMs } = state
      return { id, tokens, bulkTokens, pins, sizeBytes: size, lastUsedMs }
    } catch {
      // A full place is the usual cause.
      await rm(part, { force: true }).catch(() => {})
      return undefined
    }
  }
}

/** Whether a place has room for so many bytes, whoever else writes there. */
async function isFree({ directory }: ArchivePlace, bytes: number): Promise<boolean> {
  try {
    // Another process of this model may have found the folder empty when it ended, and removed it.
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize >= bytes
  } catch {
    return false
  }
}

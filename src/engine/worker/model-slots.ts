import type { NativeBindings, NativeContext } from './binding.ts'
import { StepThreads } from './step-threads.ts'
import type { ThreadCounts } from './step-threads.ts'

/** A piece of one slot's tokens, to be evaluated from `position` on. */
export interface BatchEntry {
  readonly slot: number
  readonly position: number
  readonly tokens: Uint32Array
  /** Whether the token after this piece is to be sampled. */
  readonly samples: boolean
  /** Whether the logits after every one of its tokens are wanted. */
  readonly measures?: boolean
}

/** Where the logits after one token are, until the next batch. */
export type Logits = number

/** What a slot held at one place: what its layers with a state knew there. Keys and values stay in the slot. */
export interface Checkpoint {
  /** How many tokens the slot held. */
  readonly tokens: number
  readonly bytes: number
  /** Takes a slot that holds these tokens, and more after them, back to them; false where it could not. */
  restore(slot: number): Promise<boolean>
  /** Gives its memory back. */
  dispose(): void
}

/** The slots of a loaded model: what each holds, and how it comes there. */
export interface ModelSlots {
  readonly contextTokens: number
  readonly slots: number
  readonly batchTokens: number
  /**
   * Whether a slot may keep any beginning of what it holds and forget the rest.
   * Models with recurrent layers cannot: a state has no beginning, and goes back only to a checkpoint.
   */
  readonly canForget: boolean
  /**
   * Up to how many tokens a file holds all that a slot does. Of longer ones it holds what is needed to go on from the
   * very end: the native engine leaves out what sliding windows have passed, and a state has no past at all.
   */
  readonly wholeFileTokens: number
  /** The shortest beginning that a slot can go back to, besides none, where it was read from a file. */
  earliest(slot: number): number
  /** Evaluates a batch; gives the places of the logits that each entry wants, those of the last token last. */
  evaluate(entries: readonly BatchEntry[]): Promise<readonly (readonly Logits[])[]>
  /** Drops what a slot holds from `position` on; false where the model cannot. Everything can always be dropped. */
  forget(slot: number, position: number): boolean
  /** Notes what a slot holds, for going back to it where the model cannot forget. */
  takeCheckpoint(slot: number): Promise<Checkpoint>
  /** Makes `target` hold what `source` holds. */
  copy(target: number, source: number): Promise<void>
  /** Writes what a slot holds to a file, with the tokens that it stands for. */
  saveSlot(slot: number, path: string, tokens: Uint32Array): Promise<void>
  /** Makes a slot hold what a file holds; gives its tokens. Throws what the native engine throws. */
  loadSlot(slot: number, path: string): Promise<Uint32Array>
}

interface SlotSettings extends Pick<
  ModelSlots,
  'contextTokens' | 'slots' | 'batchTokens' | 'canForget' | 'wholeFileTokens'
> {
  readonly threads: ThreadCounts
}

const nothing = new Uint32Array(0)

/** The slots of a native context. */
export class NativeSlots implements ModelSlots {
  readonly contextTokens: number
  readonly slots: number
  readonly batchTokens: number
  readonly canForget: boolean
  readonly wholeFileTokens: number
  readonly #context: NativeContext
  readonly #bindings: NativeBindings
  readonly #threads: StepThreads
  readonly #earliest: number[]
  /** A slot that was copied to since the last batch. */
  #copiedTo: number | undefined

  constructor(
    context: NativeContext,
    bindings: NativeBindings,
    { contextTokens, slots, batchTokens, canForget, wholeFileTokens, threads }: SlotSettings,
  ) {
    this.#context = context
    this.#bindings = bindings
    this.#threads = new StepThreads(threads)
    this.contextTokens = contextTokens
    this.slots = slots
    this.batchTokens = batchTokens
    this.canForget = canForget
    this.wholeFileTokens = wholeFileTokens
    this.#earliest = Array<number>(slots).fill(0)
  }

  earliest(slot: number): number {
    return this.#earliest[slot] ?? 0
  }

  async evaluate(entries: readonly BatchEntry[]): Promise<readonly (readonly Logits[])[]> {
    const size = entries.reduce((sum, entry) => sum + entry.tokens.length, 0)
    this.#context.initBatch(size)
    const logits = entries.map(entry =>
      Array.from(this.#context.addToBatch(entry.slot, entry.position, entry.tokens, wantedOf(entry))),
    )
    await this.#threads.decode(this.#context, size)
    this.#copiedTo = undefined
    return logits
  }

  forget(slot: number, position: number): boolean {
    if (position > 0 && position < this.earliest(slot)) return false
    if (position === 0) this.#earliest[slot] = 0
    return this.#context.removeTokenCellsFromSequence(slot, position, -1)
  }

  async takeCheckpoint(slot: number): Promise<Checkpoint> {
    const native = new this.#bindings.AddonContextSequenceCheckpoint()
    await native.init(this.#context, slot)
    const { maxPos, size } = native
    return {
      tokens: maxPos + 1,
      bytes: size,
      restore: to => this.#context.restoreCheckpoint(native, maxPos, to),
      dispose: () => native.dispose(),
    }
  }

  async copy(target: number, source: number): Promise<void> {
    await this.#context.copySequenceStateFromOtherSequence(target, source)
    this.#earliest[target] = this.earliest(source)
    this.#copiedTo = target
  }

  async saveSlot(slot: number, path: string, tokens: Uint32Array): Promise<void> {
    await this.#carryOutCopies()
    await this.#context.saveSequenceStateToFile(path, slot, tokens)
  }

  async loadSlot(slot: number, path: string): Promise<Uint32Array> {
    await this.#carryOutCopies()
    const tokens = await this.#context.loadSequenceStateFromFile(path, slot, this.contextTokens)
    const isWhole = !this.canForget || this.#context.getSequenceKvCacheMinPosition(slot) === 0
    this.#earliest[slot] = isWhole ? 0 : tokens.length
    return tokens
  }

  /*
   * The native engine moves the keys and values of copied slots only with the next batch. A file that is written or
   * read before that would hold what was in the copy's place, or change what the copy is made from.
   */
  async #carryOutCopies(): Promise<void> {
    const slot = this.#copiedTo
    if (slot === undefined) return
    const before = this.canForget ? undefined : await this.takeCheckpoint(slot)
    const position = this.#context.getSequenceKvCacheMaxPosition(slot) + 1
    await this.evaluate([{ slot, position, tokens: Uint32Array.of(0), samples: false }])
    const isUndone = before ? await before.restore(slot) : this.forget(slot, position)
    before?.dispose()
    if (!isUndone) throw new Error('the native engine cannot take back a token')
  }
}

/** The tokens of a piece after which logits are wanted. */
function wantedOf({ tokens, samples, measures }: BatchEntry): Uint32Array {
  if (measures) return Uint32Array.from(tokens.keys())
  return samples ? Uint32Array.of(tokens.length - 1) : nothing
}

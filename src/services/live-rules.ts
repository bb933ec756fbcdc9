import { mergeRules } from '../store/merge-rules.ts'
import type { MergedRules, RuleSet } from '../store/merge-rules.ts'
import type { Store, StoredRules } from '../store/open-store.ts'

export interface LiveRulesOptions {
  readonly store: Pick<Store, 'snapshot' | 'changes'>
  /** What the configuration file says at the start. */
  readonly file: RuleSet
  /** Told of the rules after each change. */
  readonly onChange: (rules: LiveRulesState) => void
  /** Told when the store cannot be read; the rules stay as they are until it can. */
  readonly onTrouble: (error: unknown) => void
}

/** The rules that hold, and what of the store cannot be used. It never changes; later there is another one. */
export type LiveRulesState = MergedRules & Pick<StoredRules, 'damaged'>

/** The rules of the configuration file and the store together, as they are at each moment. */
export class LiveRules {
  readonly #options: LiveRulesOptions
  #file: RuleSet
  #stored: StoredRules
  #current: LiveRulesState
  #stopWatching: () => void = () => undefined
  #reading: Promise<void> = Promise.resolve()
  #isClosed = false

  private constructor(options: LiveRulesOptions, stored: StoredRules) {
    this.#options = options
    this.#file = options.file
    this.#stored = stored
    this.#current = join(options.file, stored)
  }

  /** Reads the rules, and follows what becomes of them. */
  static async open(options: LiveRulesOptions): Promise<LiveRules> {
    const { store } = options
    let rules: LiveRules | undefined
    let isMissed = false
    // Watched before it is read, so that nothing changes unseen in between.
    const stop = await store.changes.watch(() => {
      isMissed = rules === undefined
      rules?.reload()
    })
    rules = new LiveRules(options, await store.snapshot())
    rules.#stopWatching = stop
    if (isMissed) rules.reload()
    return rules
  }

  get current(): LiveRulesState {
    return this.#current
  }

  /** Takes what the configuration file says from now on. */
  setFile(file: RuleSet): void {
    this.#file = file
    this.#tell()
  }

  /** Reads the store again, one time after the other. */
  reload(): void {
    this.#reading = this.#reading.then(() => this.#read())
  }

  /** Follows no more. Settles when the store is not read any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopWatching()
    await this.#reading
  }

  async #read(): Promise<void> {
    if (this.#isClosed) return
    try {
      this.#stored = await this.#options.store.snapshot()
      this.#tell()
    } catch (error) {
      if (!this.#isClosed) this.#options.onTrouble(error)
    }
  }

  #tell(): void {
    if (this.#isClosed) return
    this.#current = join(this.#file, this.#stored)
    this.#options.onChange(this.#current)
  }
}

function join(file: RuleSet, { damaged, ...stored }: StoredRules): LiveRulesState {
  return { ...mergeRules(file, stored), damaged }
}

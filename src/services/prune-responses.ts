import type { Responses } from '../store/tables/responses.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface PruneResponsesOptions {
  /** The table, where there is one at this moment. */
  readonly table: () => Pick<Responses, 'prune'> | undefined
  readonly logger: Logger
  /** How long to rest when nothing is due. */
  readonly everyMs?: number
}

/* Between two batches requests get their turn. */
const soonMs = 20

/** Forgets stored responses whose time is over from here on, also where nothing is stored any more. */
export class PruneResponses {
  readonly #options: PruneResponsesOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(options: PruneResponsesOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#prune()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  async #prune(): Promise<void> {
    const { table, logger, everyMs = 60_000 } = this.#options
    let isMoreDue = false
    try {
      isMoreDue = (await table()?.prune()) ?? false
    } catch (error) {
      logger.warn({ error }, 'stored responses whose time is over could not be deleted')
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => this.start(), isMoreDue ? soonMs : everyMs).unref()
  }
}

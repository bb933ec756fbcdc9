import type { Snapshot } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import type { ConfigWatch } from './config/watch-config.ts'

/** The world that the program runs in. */
export interface World {
  readonly environment: Environment
  /** Where log lines go; to a terminal, in a form for people. */
  readonly log: { write(line: string): unknown; readonly isTTY?: boolean }
  /** Tells the person who watches what takes time. */
  readonly notify: (line: string) => void
  /** Follows the configuration file while the server runs; without it, the program keeps what it began with. */
  readonly watch?: (first: Snapshot) => ConfigWatch
}

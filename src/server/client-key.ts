import type { Priority } from '../core/request.ts'
import type { Secret } from '../core/secret.ts'

/** A key that opens this server, and what holds for those who send it. */
export interface ClientKey {
  /** What rules and logs call it. */
  readonly name: string
  readonly key: Secret
  /** Whether its requests may only go to targets that are marked local. */
  readonly isLocalOnly?: boolean
  /** The highest priority that its requests may have, and that of those that ask for none. */
  readonly priority?: Priority
  /** Whether what a target cannot express is refused rather than left out. */
  readonly isStrict?: boolean
  /** Whether who sends it may do what only the owner of the server may. */
  readonly isOwner?: boolean
}

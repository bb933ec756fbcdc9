import type { Capabilities } from './capabilities.ts'

/** What a client may know of a model before it asks one. */
export interface ModelCard {
  /** The name that requests use. It may contain slashes and colons. */
  readonly id: string
  readonly displayName: string
  /** Seconds since 1970; zero where it is unknown. */
  readonly createdSeconds: number
  readonly ownedBy: string
  readonly capabilities: Capabilities
}

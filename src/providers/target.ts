import type { ProtocolId } from '../core/extras.ts'

/** Whom a conversation goes to. */
export interface Target {
  readonly protocol: ProtocolId
  /** How the reasoning is marked that it makes. */
  readonly origin: string
  /** Whether reasoning may be its own that is signed in the way of its wire format alone. */
  readonly takesUnmarked: boolean
}

import type { ProtocolId } from '../core/extras.ts'

/** Whom a conversation goes to. */
export interface Target {
  readonly protocol: ProtocolId
  /** How the reasoning is marked that it makes. */
  readonly origin: string
  /** Whether reasoning may be its own that is signed in the way of its wire format alone. */
  readonly takesUnmarked: boolean
  /** Whether it takes earlier reasoning back at all. */
  readonly takesReasoning: boolean
  /** Whether it thinks on only in a turn that it began by thinking. */
  readonly thinksFirst: boolean
}

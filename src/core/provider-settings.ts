import type { Capabilities } from './capabilities.ts'
import type { ProtocolId } from './extras.ts'
import type { Secret } from './secret.ts'

/** A place that answers, as the owner set it up: a cloud, or another engine. */
export interface ProviderSettings {
  /** How rules name it. `local` is the embedded engine's own name and never a provider's. */
  readonly id: string
  /** What it is: `anthropic`, `ollama`, `openai-compatible`… The kind knows what is absent here. */
  readonly kind: string
  readonly url?: string
  readonly key?: Secret
  /** Sent with each request, beside what the kind sends. */
  readonly headers?: Readonly<Record<string, Secret>>
  /** Which wire format it is asked in, where the kind speaks several. */
  readonly protocol?: ProtocolId
  /**
   * Whether requests that must not leave the owner's machines may go there. Absent: true for a kind that is a local
   * engine, at a loopback address; false for all else.
   */
  readonly isLocal?: boolean
  /** What is known of its models beyond what it says itself. */
  readonly models?: readonly ProviderModel[]
  /** Starts it on this machine when it is needed. */
  readonly command?: ManagedCommand
  readonly timeouts?: Timeouts
  /**
   * How often it is asked whether it is well again, while a target of it rests after failures. Absent: every five
   * seconds for one that is local and that a rule leads to, and never for all else.
   */
  readonly checkEveryMs?: number | 'never'
}

/** A provider's model, with what the owner knows better than the data that Duologue brings. */
export interface ProviderModel {
  readonly id: string
  readonly capabilities?: Capabilities
  readonly prices?: Prices
}

/** US dollars for a million tokens. An absent price is unknown, which is not zero. */
export interface Prices {
  readonly input?: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly output?: number
}

/** A program that serves models on this machine. */
export interface ManagedCommand {
  readonly program: string
  readonly arguments: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** How long it may stay without requests. */
  readonly idleMs?: number
  /** How long it may take to be healthy. */
  readonly startMs?: number
}

/** How long to wait for each part of an answer. */
export interface Timeouts {
  readonly connectMs?: number
  /** To the first event that tells something. */
  readonly firstTokenMs?: number
  /** Between two pieces of the answer. */
  readonly idleMs?: number
  /** For the whole answer. */
  readonly totalMs?: number
}

import type { ProtocolId } from './extras.ts'
import type { Timeouts } from './provider-settings.ts'

/** One rule of the owner: which requests it is for, and where they go. Of the rules that match, the first one holds. */
export interface RouteRule {
  /** What logs, headers and explanations call it. */
  readonly name: string
  readonly match: RouteMatch
  /** Where the request may go, the best first. Those of equal `weight` share a place in the order. */
  readonly targets: readonly RouteTarget[]
  /**
   * Whether only targets that are marked local may answer. Holds for every request that the rule matches, also where an
   * earlier rule decides about the targets; without conditions, for what no rule with conditions decides.
   */
  readonly isLocalOnly?: boolean
  /** A target whose first token is estimated to take longer makes way for the next one. */
  readonly mostWaitMs?: number
}

/** Which requests a rule is for: those for which every given condition holds. Without conditions, all of them. */
export interface RouteMatch {
  readonly model?: ModelPattern
  readonly protocols?: readonly ProtocolId[]
  /** The names of the keys that ask. */
  readonly keys?: readonly string[]
  /** Headers by name in lower case, and the glob that the value must match. */
  readonly headers?: Readonly<Record<string, string>>
  /** The size of the prompt in tokens, counted or estimated. */
  readonly promptTokens?: { readonly atLeast?: number; readonly atMost?: number }
  /** What the request needs of a model. */
  readonly needs?: readonly Need[]
}

/** What a request may need of a model, beyond text. */
export type Need = 'tools' | 'vision' | 'documents' | 'thinking' | 'structured-output'

/** Names of models. A glob knows `*` and `?`; a regular expression must match the whole name, and costs linear time. */
export interface ModelPattern {
  readonly type: 'exact' | 'prefix' | 'glob' | 'regex'
  readonly text: string
}

/** One place where a request may go. */
export interface RouteTarget {
  /** A provider's id; `local` is the embedded engine. */
  readonly provider: string
  /** The name that it knows the model by; absent: the one that is served, or where only that matched, the one asked for. */
  readonly model?: string
  /** How much of the traffic it takes among neighbours that have weights too. */
  readonly weight?: number
  readonly timeouts?: Timeouts
  /** How often it is tried again before the next target, where a failure may pass. */
  readonly retries?: number
}

/** Another name for a model: what is asked for as `alias` is served as `model`. */
export interface ModelAlias {
  readonly alias: ModelPattern
  readonly model: string
}

/** What is known of a request beside what it asks. */
export interface Circumstances {
  readonly protocol: ProtocolId
  /** The name of the key that asks; absent where the server has no keys. */
  readonly key?: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /**
   * What forbids targets that are not local, if anything does: the key, the request itself, or the earlier answer that
   * it goes on from, which had to stay.
   */
  readonly localOnly?: 'key' | 'header' | 'conversation'
  /** Whether what a target cannot express is refused rather than left out. */
  readonly isStrict: boolean
}

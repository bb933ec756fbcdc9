import type { Backend } from '../core/backend.ts'
import type { Capabilities } from '../core/capabilities.ts'
import type { Elsewhere } from '../core/elsewhere.ts'
import type { ProtocolId } from '../core/extras.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { ModelCard } from '../core/model-card.ts'
import type { Prices, ProviderSettings } from '../core/provider-settings.ts'
import type { Compat } from '../protocols/protocol.ts'

/** A place that answers, ready to be asked. */
export interface Provider {
  readonly settings: ProviderSettings
  readonly backend: Backend
  /** Where it is, where it counts as local and is not on this machine. */
  readonly elsewhere?: Elsewhere
  /** What it serves. The list is kept for a while, and the last good one when it cannot be had. Throws a `ModelError`. */
  models(signal: AbortSignal): Promise<readonly ModelCard[]>
  /** Asks for the list anew, which needs address and key to be right. Throws a `ModelError` that says what is not. */
  check(signal: AbortSignal): Promise<readonly ModelCard[]>
  /** Asks whether it is well. Absent where nobody is to ask: a program that is started when it is needed. */
  isWell?(signal: AbortSignal): Promise<boolean>
  /** What is known of a model's abilities; an absent claim is unknown. */
  capabilities(model: string): Capabilities
  /** What a model costs there; an absent price is unknown. */
  prices(model: string): Prices
  /** The program behind it, where Duologue starts it. */
  readonly engine?: Engine
  /** Ends work in the background, and its program. Answers that are under way go on to their end. */
  close(): void
}

/** A program that Duologue starts, as far as it is told. */
export interface Engine {
  readonly state: 'stopped' | 'starting' | 'ready' | 'resting'
  /** The last lines that it wrote. */
  readonly log: readonly string[]
}

/** What a provider is: all that its owner need not say. */
export interface Kind {
  readonly id: string
  readonly name: string
  /** Where it answers, with the version. Absent where only the owner can know. */
  readonly url?: string
  /** The path of an owner's address that has none, as `/v1`. */
  readonly path: string
  readonly auth: Auth
  /** Whether it answers nobody without a key. */
  readonly needsKey: boolean
  /** The variable in which people commonly keep the key. */
  readonly keyVariable?: string
  /** The wire formats that it speaks, the best first. */
  readonly dialects: readonly [Dialect, ...Dialect[]]
  /** The wire format that is its own, where that one has signatures. */
  readonly owns?: ProtocolId
  /** Where it lists its models, relative to the address. */
  readonly modelsPath?: string
  /** Reads that list where it is not of a common form. */
  readonly readModels?: (body: Json) => readonly ListedModel[]
  /** Where it says whether it is well, relative to the address; where absent, its list of models says so. */
  readonly healthPath?: string
  readonly embeddingsPath?: string
  /** A program that people run on their own machine. */
  readonly isLocalEngine?: boolean
  /** How the data on models and prices calls it. */
  readonly knownAs?: string
  /** Tells whether a model is answered by somebody else's machine, although the program runs on the owner's. */
  readonly runsElsewhere?: (model: string, ask: Ask, signal: AbortSignal) => Promise<boolean>
}

/** How a key is shown. It is never part of an address. */
export type Auth = 'x-api-key' | 'api-key' | 'bearer' | 'none'

/** How a provider speaks one wire format. */
export interface Dialect {
  readonly protocol: ProtocolId
  /** Relative to the address. */
  readonly path: string | ((model: string, url: URL) => string)
  readonly compat?: Compat
  /** Where the tokens of a request are counted, in the same wire format. */
  readonly countPath?: string
  /** Whether it takes all that the owner of the wire format takes, so that a client's own request may go on as it is. */
  readonly isRelayed?: boolean
  /** Whether its streams tell what they cost although nobody asked, where the wire format wants that asked. */
  readonly tellsUsageUnasked?: boolean
  /** The last word on a body, for a quirk that no other provider has. */
  readonly adjust?: (body: JsonObject) => JsonObject
}

/** Asks a provider for JSON, with its key and within its limits. */
export type Ask = (question: {
  readonly path: string
  readonly body?: JsonObject
  readonly signal: AbortSignal
}) => Promise<Json>

/** A model as its provider lists it. */
export type ListedModel = Omit<ModelCard, 'ownedBy'> & {
  readonly ownedBy?: string
  readonly prices?: Prices
  /** Whether somebody else's machine answers for it. */
  readonly isElsewhere?: boolean
}

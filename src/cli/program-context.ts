import type { Elsewhere } from '../core/elsewhere.ts'
import type { ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Flags, Snapshot } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import type { Fault } from '../config/fault.ts'
import type { CacheReport } from '../core/cache-report.ts'
import type { Check } from '../services/diagnose.ts'
import type { RouteExplanation } from '../services/explain-route.ts'
import type { EngineDependencies } from '../services/set-up-engine.ts'
import type { OwnerRules } from '../services/owner-rules.ts'
import type { ModelsContext } from './models-context.ts'

/** One model's process. */
export interface ModelProcess {
  readonly model: string
  /** `waiting` for memory, `loading`, `ready`, `leaving` once its answers are over, or `ending` because it was unloaded. */
  readonly state: 'waiting' | 'loading' | 'ready' | 'leaving' | 'ending'
  readonly processId?: number
}

/** A request of which it is asked where it would go. */
export interface AskedRoute {
  readonly protocol: 'anthropic-messages' | 'openai-chat' | 'openai-responses'
  /** As a client would send it. */
  readonly request: unknown
  readonly headers: Readonly<Record<string, string>>
  /** The name of the key that asks. */
  readonly key?: string
}

/** Where the key that seals all others is. */
export interface MovedKey {
  readonly keyId: string
  readonly place: string
}

/** What could leave the owner's machines. */
export interface Privacy {
  readonly ways: readonly { readonly route: string; readonly target: string }[]
  /** Providers that are not on this machine, and that their owner marked local all the same. */
  readonly markedLocal: readonly { readonly provider: string; readonly kind: string; readonly elsewhere: Elsewhere }[]
  /** The names of the keys whose requests stay. */
  readonly keysThatStay: readonly string[]
  /** The names of the rules whose requests stay. */
  readonly rulesThatKeep: readonly string[]
}

/** The running program, as far as commands use it. */
export interface CommandApp {
  /** Whether clients must send a key. */
  readonly needsKey: boolean
  /** Starts to listen, and gives the server's address as clients write it. */
  listen(): Promise<string>
  /** Loads a model. Throws a `ModelError` that names the cause. */
  load(model: string): Promise<void>
  /** Loads the models that the owner wants before the first request, and gives their names. */
  loadExpected(): Promise<readonly string[]>
  /** The models on this machine, by name. */
  modelNames(): Promise<readonly string[]>
  /** The processes of models that are loaded or being loaded. */
  processes(): readonly ModelProcess[]
  answer(request: ModelRequest, signal: AbortSignal): Promise<ModelStream>
  /** Says where a request would go, and asks nobody. Throws a `ModelError` for one that cannot be read. */
  explainRoute(asked: AskedRoute): Promise<RouteExplanation>
  /** Says on which ways requests could leave the owner's machines. */
  checkPrivacy(): Promise<Privacy>
  diagnose(): Promise<readonly Check[]>
  /** Stops the server and every model's process. */
  close(): Promise<void>
}

/** What is wrong with the providers of a configuration, and what their owner should know. */
export interface CheckedProviders {
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

/** What the commands are given. */
export interface ProgramContext extends ModelsContext {
  readonly version: string
  readonly input: NodeJS.ReadStream
  readonly environment: Environment
  /** Asks the server that these flags and the environment describe. Throws a `ConfigError` or a `ModelError`. */
  readonly explainCache: (requestId: string, flags: Flags) => Promise<CacheReport>
  /** Asks the running server that the environment describes where a request would go now. Throws as `explainCache` does. */
  readonly explainRunningRoute: (asked: AskedRoute) => Promise<RouteExplanation>
  /** Opens what the owner set up. Throws a `ConfigError` for settings that do not fit it. */
  readonly openRules: () => Promise<OwnerRules>
  /** Brings the master key to where the configuration says that Duologue keeps it. */
  readonly moveKey: () => Promise<MovedKey>
  /** Tells which providers of a configuration that can be read could not be asked, or are local by their mark alone. */
  readonly checkProviders: (snapshot: Snapshot) => Promise<CheckedProviders>
  /** Reads where engines are kept. Throws a `ConfigError` for a configuration that is wrong. */
  readonly engines: () => Promise<EngineDependencies>
  /** Builds the program from flags and the environment. Throws a `ConfigError` for settings that cannot be used. */
  readonly openApp: (flags: Flags, notify: (line: string) => void) => Promise<CommandApp>
}

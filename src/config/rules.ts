import type { FieldPath } from '../core/errors.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { ModelAlias, RouteRule } from '../core/route-rules.ts'
import type { ClientKey } from './client-keys.ts'
import type { ModelSettings } from './model-settings.ts'

/** What the configuration says beside settings: how models are run, who else answers, and which requests go where. */
export interface Rules {
  readonly models: readonly ModelSettings[]
  readonly providers: readonly ProviderSettings[]
  readonly aliases: readonly ModelAlias[]
  readonly routes: readonly RouteRule[]
  /** The keys that open the server, wherever they were given. */
  readonly keys: readonly ClientKey[]
}

/** The rules of a file; its keys are absent where it has no list of them. */
export type FileRules = Omit<Rules, 'keys'> & Partial<Pick<Rules, 'keys'>>

/** A thing in a file's rules that nobody could follow. */
export interface RuleFault {
  /** Where it is, as the file has it. */
  readonly path: FieldPath
  /** Whether it is the name at the end of the path, and not what stands under it. */
  readonly isKey: boolean
  /** What is wrong, to be said after the path. */
  readonly problem: string
}

/** Tells what of a file's rules nobody could follow; nothing, where all can be. It is for who follows them to know. */
export type RulesCheck = (rules: FileRules) => RuleFault | undefined

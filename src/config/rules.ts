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

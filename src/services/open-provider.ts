import type { Elsewhere } from '../core/elsewhere.ts'
import type { ModelCard } from '../core/model-card.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { ProviderPlace } from '../routing/view.ts'

/** A provider in use. */
export interface OpenProvider extends ProviderPlace {
  readonly settings: Pick<ProviderSettings, 'checkEveryMs' | 'kind'>
  /** Where it is, where it counts as local and is not on this machine. */
  readonly elsewhere?: Elsewhere
  /** Asks whether it is well. Absent where nobody is to ask. */
  isWell?(signal: AbortSignal): Promise<boolean>
  /** What it serves. Throws a `ModelError` where that cannot be had. */
  models(signal: AbortSignal): Promise<readonly ModelCard[]>
  /** Ends work in the background. Answers that are under way go on to their end. */
  close(): void
}

/** Makes a provider of what its owner set. Asks nobody yet. Throws `invalid-request` for settings that cannot work. */
export type OpenProviderService = (settings: ProviderSettings) => OpenProvider

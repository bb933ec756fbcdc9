import { createHash } from 'node:crypto'
import type { ProviderSettings } from '../core/provider-settings.ts'
import { Secret } from '../core/secret.ts'
import type { OpenProvider, OpenProviderService } from './open-provider.ts'

interface Used {
  readonly provider: OpenProvider
  readonly fingerprint: string
}

/** The providers that are in use, by id. One whose settings stay the same stays open when others change. */
export class ProvidersInUse {
  readonly #open: OpenProviderService
  #used: ReadonlyMap<string, Used> = new Map()

  constructor(open: OpenProviderService) {
    this.#open = open
  }

  all(): readonly (readonly [string, OpenProvider])[] {
    return [...this.#used].map(([id, { provider }]) => [id, provider] as const)
  }

  /**
   * Uses these from now on, and closes those that are no longer wanted. Throws `invalid-request` for settings that
   * cannot work; all stays as it was then.
   */
  use(all: readonly ProviderSettings[]): void {
    const next = new Map<string, Used>()
    const opened: Used[] = []
    try {
      for (const settings of all) {
        const fingerprint = fingerprintOf(settings)
        const known = this.#used.get(settings.id)
        const used = known?.fingerprint === fingerprint ? known : { provider: this.#open(settings), fingerprint }
        if (used !== known) opened.push(used)
        next.set(settings.id, used)
      }
    } catch (error) {
      for (const { provider } of opened) provider.close()
      throw error
    }
    for (const [id, used] of this.#used) if (next.get(id) !== used) used.provider.close()
    this.#used = next
  }

  close(): void {
    this.use([])
  }
}

/* Secrets hide from JSON; here a changed key must be seen, and its digest tells nobody what it is. */
function fingerprintOf(settings: ProviderSettings): string {
  const secrets: string[] = []
  const rest = JSON.stringify(settings, function (this: Record<string, unknown>, key: string, value: unknown) {
    const raw = this[key]
    if (raw instanceof Secret) secrets.push(raw.reveal())
    return value
  })
  return createHash('sha256')
    .update(JSON.stringify([rest, secrets]))
    .digest('base64url')
}

import { pause, type Clock } from '../routing/clock.ts'
import type { TargetHealth } from '../routing/target-health.ts'

export interface HealthCheckOptions {
  readonly clock: Clock
  /** A number from 0 up to 1, another one each time. */
  readonly random: () => number
  readonly health: Pick<TargetHealth, 'checkable' | 'revive' | 'keepResting' | 'onRest'>
  /** Gives how often a provider is to be checked at this moment; nothing where it is not, or must not be asked. */
  readonly everyMs: (provider: string) => Promise<number | undefined>
  /** Asks a provider whether it is well. */
  readonly isWell: (provider: string, signal: AbortSignal) => Promise<boolean>
}

/* A check is over within this time, so that a target which is checked rests until the next one is. */
const longestCheckMs = 5000

/**
 * Asks providers whose targets rest whether they are well again, so that no client's request is spent on finding out.
 * While nothing rests nobody is asked. Gives what ends it.
 */
export function checkHealth(options: HealthCheckOptions): { readonly close: () => void } {
  const closing = new AbortController()
  const checked = new Set<string>()
  const stop = options.health.onRest(target => {
    const provider = providerOf(target)
    if (checked.has(provider) || closing.signal.aborted) return
    checked.add(provider)
    // What goes wrong in here ends the checks of this provider, until one of its targets fails again.
    void checkUntilWell(provider, options, closing.signal)
      .catch(() => undefined)
      .finally(() => checked.delete(provider))
  })
  return {
    close: () => {
      stop()
      closing.abort()
    },
  }
}

async function checkUntilWell(provider: string, options: HealthCheckOptions, closing: AbortSignal): Promise<void> {
  const { clock, random, health, isWell } = options
  const resting = () => health.checkable().filter(target => providerOf(target) === provider)
  while (resting().length > 0) {
    const plannedMs = await options.everyMs(provider)
    if (plannedMs === undefined) return
    // Spread by chance, so that servers which lost a provider together do not come back together.
    await pause(plannedMs * (0.5 + random() / 2), clock, closing)
    // Meanwhile the owner may have changed his mind.
    const everyMs = await options.everyMs(provider)
    if (everyMs === undefined) return
    const isFoundWell = await isWell(provider, AbortSignal.any([closing, AbortSignal.timeout(longestCheckMs)]))
    if (closing.aborted) return
    for (const target of resting()) {
      if (isFoundWell) health.revive(target)
      else health.keepResting(target, everyMs + longestCheckMs)
    }
  }
}

function providerOf(target: string): string {
  return target.slice(0, target.indexOf('/'))
}

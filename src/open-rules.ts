import type { CheckedProviders } from './cli/program-context.ts'
import type { Config, Snapshot } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import type { Fault } from './config/fault.ts'
import { proxiesOf } from './config/proxies.ts'
import { elsewhereWarning } from './core/elsewhere.ts'
import { ModelError } from './core/errors.ts'
import type { ProviderSettings } from './core/provider-settings.ts'
import { engineMeans } from './engine-means.ts'
import type { Provider } from './providers/provider.ts'
import type { ProviderFacts } from './services/manage-providers.ts'
import { openOwnerRules } from './services/owner-rules.ts'
import type { OwnerRules } from './services/owner-rules.ts'

/** Opens what the owner set up, for the commands that change it. */
export function openRules({ config, rules }: Snapshot, environment: Environment): Promise<OwnerRules> {
  const place = { config, environment }
  return openOwnerRules({
    config,
    environment,
    file: rules,
    assertProvider: settings => withProvider(settings, place, async () => undefined),
    check: (settings, signal) => withProvider(settings, place, provider => provider.check(signal)),
    // A list shows what cannot be used, too.
    factsOf: settings => withProvider(settings, place, factsOf).catch(() => undefined),
  })
}

async function factsOf({ settings, backend, elsewhere }: Provider): Promise<ProviderFacts> {
  const { kindOf } = await import('./providers/registry.ts')
  return { isLocal: backend.isLocal, needsKey: kindOf(settings).needsKey, ...(elsewhere && { elsewhere }) }
}

/** Tells which providers of a configuration could not be asked, and which are local by nothing but their mark. */
export async function checkProviders({ config, rules }: Snapshot, environment: Environment): Promise<CheckedProviders> {
  const place = { config, environment }
  const checked = await Promise.all(
    rules.providers.map(settings => check(() => withProvider(settings, place, async made => warningsOf(made)))),
  )
  return {
    faults: checked.flatMap(({ faults }) => faults),
    warnings: checked.flatMap(({ warnings }) => warnings),
  }
}

async function check(warnings: () => Promise<readonly Fault[]>): Promise<CheckedProviders> {
  try {
    return { faults: [], warnings: await warnings() }
  } catch (error) {
    if (error instanceof ModelError) return { faults: [{ message: error.message }], warnings: [] }
    throw error
  }
}

function warningsOf({ settings: { id, kind }, elsewhere }: Provider): readonly Fault[] {
  const warning = elsewhereWarning(elsewhere, kind)
  return warning === undefined ? [] : [{ message: `provider ${id}: ${warning}` }]
}

/** Makes a provider for as long as `work` takes. Throws `invalid-request` for settings that cannot work. */
async function withProvider<Result>(
  settings: ProviderSettings,
  { config, environment }: { readonly config: Config; readonly environment: Environment },
  work: (provider: Provider) => Promise<Result>,
): Promise<Result> {
  // What is known of all providers' models is large, and most commands need none of it.
  const { createProvider } = await import('./providers/create-provider.ts')
  const { createOutbound } = await import('./providers/outbound.ts')
  const outbound = createOutbound(proxiesOf(config))
  try {
    const engines = engineMeans(config, environment)
    const provider = createProvider(settings, { outbound, now: () => Date.now(), engines })
    return await work(provider).finally(() => provider.close())
  } finally {
    await outbound.close()
  }
}

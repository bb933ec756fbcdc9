import type { Elsewhere } from '../core/elsewhere.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelCard } from '../core/model-card.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { RuleSet, Shadowed } from '../store/merge-rules.ts'
import { mergeRules } from '../store/merge-rules.ts'
import type { Store } from '../store/open-store.ts'
import type { Damage } from '../store/tables/row-reading.ts'

/** Asks a provider for its models, which needs its address and key to be right. Throws a `ModelError` that says what is not. */
export type CheckProvider = (settings: ProviderSettings, signal: AbortSignal) => Promise<readonly ModelCard[]>

export interface ProviderDependencies {
  readonly store: Store
  /** What the configuration file says. */
  readonly file: RuleSet
  /** Throws for settings that cannot work. */
  readonly assertUsable?: (settings: ProviderSettings) => Promise<void>
  readonly check?: CheckProvider
  /** Says what follows from settings; undefined where they cannot work. */
  readonly factsOf?: (settings: ProviderSettings) => Promise<ProviderFacts | undefined>
}

/** What a provider's kind makes of its settings. */
export interface ProviderFacts {
  /** Whether requests that must not leave may go there. */
  readonly isLocal: boolean
  /** Where it is, where it counts as local and is not on this machine. */
  readonly elsewhere?: Elsewhere
  /** Whether it answers nobody without a key. */
  readonly needsKey: boolean
}

/** A provider as it is told to people and programs: without secrets. */
export interface ToldProvider {
  readonly id: string
  readonly kind: string
  readonly url?: string
  readonly hasKey: boolean
  /** Whether requests that must not leave may go there, because its owner or its kind says so. */
  readonly isLocal?: boolean
  /** Where it is, where it counts as local and is not on this machine. */
  readonly elsewhere?: Elsewhere
  /** Whether it has no key and answers nobody without one. */
  readonly lacksKey: boolean
  /** What is started for it on this machine. */
  readonly program?: string
  readonly from: 'file' | 'store'
}

/** What there is of providers. */
export interface ToldProviders {
  readonly providers: readonly ToldProvider[]
  readonly shadowed: readonly Shadowed[]
  readonly damaged: readonly Damage[]
}

/** The use-cases about providers. */
export interface ManageProviders {
  list(): Promise<ToldProviders>
  /**
   * Keeps a provider. Throws `conflict` for an id that is taken, unless it is to be replaced; the old key then stays
   * where no other one is given.
   */
  add(settings: ProviderSettings, isReplacing: boolean): Promise<ToldProvider>
  /** Forgets providers: all or none. Throws `not-found` where one is not in the store. */
  remove(ids: readonly string[]): Promise<void>
  /** Asks a provider, of the file or the store, for its models. */
  test(id: string, signal: AbortSignal): Promise<readonly ModelCard[]>
  /** Seals all secrets with another master key. */
  rotateKey(): Promise<{ readonly keyId: string; readonly secrets: number }>
}

/** Makes the use-cases about providers. */
export function createManageProviders(dependencies: ProviderDependencies): ManageProviders {
  const { store, file, assertUsable, factsOf } = dependencies
  const tell = async (settings: ProviderSettings) => told(settings, { file, facts: await factsOf?.(settings) })
  return {
    list: async () => {
      const { damaged, ...stored } = await store.snapshot()
      const merged = mergeRules(file, stored)
      return {
        providers: await Promise.all(merged.providers.map(tell)),
        shadowed: merged.shadowed.filter(({ what }) => what === 'provider'),
        damaged: damaged.filter(({ table }) => table === 'providers'),
      }
    },
    add: async (settings, isReplacing) => {
      if (isInFile(settings.id, file)) throw ofFile(settings.id)
      const isTaken = (await idsIn(store)).includes(settings.id)
      if (isTaken && !isReplacing) throw taken(settings.id)
      const key = isTaken && settings.key === undefined ? await oldKey(settings.id, store) : undefined
      const whole = { ...settings, ...(key && { key }) }
      await assertUsable?.(whole)
      await store.providers.put(whole)
      return tell(whole)
    },
    remove: async ids => {
      const known = await idsIn(store)
      const stranger = ids.find(id => !known.includes(id))
      if (stranger !== undefined) throw isInFile(stranger, file) ? ofFile(stranger) : unknown(stranger)
      for (const id of new Set(ids)) await store.providers.remove(id)
    },
    test: async (id, signal) => {
      const settings = file.providers.find(provider => provider.id === id) ?? (await store.providers.get(id))
      if (settings === undefined) throw unknown(id)
      if (dependencies.check === undefined) throw new ModelError('unavailable', 'providers cannot be asked from here')
      return dependencies.check(settings, signal)
    },
    rotateKey: () => store.rotateMasterKey(),
  }
}

/* A damaged one is there too: it can be replaced and removed. */
async function idsIn(store: Store): Promise<readonly string[]> {
  const { items, damaged } = await store.providers.list()
  return [...items, ...damaged].map(({ id }) => id)
}

async function oldKey(id: string, store: Store): Promise<ProviderSettings['key']> {
  const { items } = await store.providers.list()
  return items.find(provider => provider.id === id)?.key
}

interface Found {
  readonly file: RuleSet
  readonly facts: ProviderFacts | undefined
}

function told({ id, kind, url, key, headers, command }: ProviderSettings, { file, facts }: Found): ToldProvider {
  return {
    id,
    kind,
    ...(url !== undefined && { url }),
    hasKey: key !== undefined,
    ...(facts && { isLocal: facts.isLocal }),
    ...(facts?.elsewhere && { elsewhere: facts.elsewhere }),
    lacksKey: facts?.needsKey === true && key === undefined && headers === undefined,
    ...(command && { program: command.program }),
    from: isInFile(id, file) ? 'file' : 'store',
  }
}

function isInFile(id: string, { providers }: RuleSet): boolean {
  return providers.some(provider => provider.id === id)
}

function ofFile(id: string): ModelError {
  return new ModelError('conflict', `provider "${id}" is in the configuration file; change it there`)
}

function taken(id: string): ModelError {
  return new ModelError('conflict', `there is a provider "${id}" already; --replace puts another in its place`)
}

function unknown(id: string): ModelError {
  return new ModelError('not-found', `there is no provider "${id.slice(0, 100)}"; duologue providers list shows them`)
}

import type { ProviderSettings } from '../../../src/core/provider-settings.ts'
import type { RouteRule } from '../../../src/core/route-rules.ts'
import type { Fault } from './fault.ts'
import type { MatrixOptions, Source } from './matrix.ts'

/** How long an upstream may be silent that stalls. */
const silenceMs = 500

/** The provider that fails. Who may be silent for a while otherwise is asked in vain. */
export function placeOf({ name }: Source, fault?: Fault): string {
  return fault?.type === 'stall' ? `impatient-${name}` : `first-${name}`
}

/** The model with which a source is asked directly. */
export function directName(name: string): string {
  return `direct-${name}`
}

/** The provider that takes the place of one that fails, and the model with which it is asked directly. */
export function nextName(name: string): string {
  return `next-${name}`
}

type Places = Pick<MatrixOptions, 'sources' | 'healthy'>

/** All providers of a matrix, by id. */
export function providersOf(
  { sources, healthy }: Places,
  urls: { readonly first: string; readonly next: string },
): Readonly<Record<string, Omit<ProviderSettings, 'id'>>> {
  const settings = ({ kind, protocol }: Source, url: string) => ({ kind, url, protocol, isLocal: false })
  const timeouts = { firstTokenMs: silenceMs, idleMs: silenceMs }
  return Object.fromEntries([
    ...sources.map(source => [placeOf(source), settings(source, urls.first)]),
    ...sources.map(source => [`impatient-${source.name}`, { ...settings(source, urls.first), timeouts }]),
    ...healthy.map(source => [nextName(source.name), settings(source, urls.next)]),
  ])
}

/** The rules that lead each case, by the beginning of its name, to the one that fails and to the one behind it. */
export function rulesOf({ sources, healthy }: Places): readonly RouteRule[] {
  const places = sources.flatMap(source => [placeOf(source), `impatient-${source.name}`])
  const pairs = places.flatMap(place => [...healthy, undefined].map(next => ({ place, next })))
  return [
    ...pairs.map(({ place, next }): RouteRule => {
      const name = `${place}/${next?.name ?? 'none'}`
      const then = next ? [{ provider: nextName(next.name) }] : []
      const match = { model: { type: 'prefix', text: `${name}/` } } as const
      return { name, match, targets: [{ provider: place, retries: 1 }, ...then] }
    }),
    ...sources.map(source => direct(directName(source.name), placeOf(source))),
    ...healthy.map(({ name }) => direct(nextName(name), nextName(name))),
  ]
}

function direct(model: string, provider: string): RouteRule {
  return { name: model, match: { model: { type: 'exact', text: model } }, targets: [{ provider }] }
}

import { writeModelPattern } from '../core/write-model-pattern.ts'
import type { ModelAlias } from '../core/route-rules.ts'
import { routeLimits } from '../core/route-limits.ts'
import { compilePattern, type Matcher } from './model-pattern.ts'
import { RouteFault } from './route-fault.ts'

/** What an alias makes of a name. */
export interface ResolvedAlias {
  /** The pattern that the name matched. */
  readonly alias: string
  /** The name at the end of all aliases. */
  readonly model: string
}

/** Gives what an alias makes of a name; nothing, where no alias is for it. */
export type AliasResolver = (name: string) => ResolvedAlias | undefined

interface ReadyAlias extends ModelAlias {
  readonly matches: Matcher
}

const mostSteps = 4

/**
 * Makes aliases ready. Each is followed to its end beforehand, so that no request can meet a circle.
 * Throws a `RouteFault` for one that leads in a circle or over more than four others.
 */
export function readAliases(aliases: readonly ModelAlias[]): AliasResolver {
  if (aliases.length > routeLimits.aliases) {
    throw new RouteFault(['aliases'], `are ${aliases.length}; ${routeLimits.aliases} are allowed`)
  }
  const ready = aliases.map((alias, index): ReadyAlias => {
    if (alias.model === '') throw new RouteFault(['aliases', index, 'model'], 'is empty')
    return { ...alias, matches: RouteFault.within(['aliases', index, 'alias'], () => compilePattern(alias.alias)) }
  })
  const ends = new Map(ready.map((alias, index) => [alias, followToEnd(alias, index, ready)]))
  return name => {
    const alias = ready.find(({ matches }) => matches(name))
    const model = alias && ends.get(alias)
    return model === undefined || model === name
      ? undefined
      : { alias: alias ? writeModelPattern(alias.alias) : name, model }
  }
}

function followToEnd({ model }: ReadyAlias, index: number, aliases: readonly ReadyAlias[]): string {
  const path = [model]
  for (let name = model; ;) {
    const next = aliases.find(({ matches }) => matches(name))
    // An alias may match its own model: `claude-*` for `claude-at-home`.
    if (!next || next.model === name) return name
    name = next.model
    path.push(name)
    if (path.length > mostSteps) {
      throw new RouteFault(
        ['aliases', index, 'model'],
        `leads over too many aliases, or in a circle: ${path.join(' → ')}`,
      )
    }
  }
}

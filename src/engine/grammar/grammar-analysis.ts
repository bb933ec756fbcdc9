import { nothing, rulesIn } from './expression.ts'
import type { Expression, Repeat } from './expression.ts'

export type Rules = ReadonlyMap<string, Expression>

/**
 * Works out a value for each rule that depends on the values of the rules it names, until nothing changes.
 * `of` must never give less than before where the values it reads have not become less.
 */
export function settle(rules: Rules, start: number, of: (name: string, values: Values) => number): Values {
  const values = new Map<string, number>()
  const users = new Map<string, string[]>()
  for (const [name, expression] of rules) {
    values.set(name, start)
    for (const used of new Set(rulesIn(expression))) {
      const known = users.get(used)
      if (known) known.push(name)
      else users.set(used, [name])
    }
  }
  const queue = new Set(rules.keys())
  for (const name of queue) {
    queue.delete(name)
    const value = of(name, values)
    if (value === values.get(name)) continue
    values.set(name, value)
    for (const user of users.get(name) ?? []) queue.add(user)
  }
  return values
}

export type Values = ReadonlyMap<string, number>

/** Which rules some finite text matches: 1 for those, 0 for the others. */
export function findFinite(rules: Rules): Values {
  const isFinite = (expression: Expression, values: Values): boolean => {
    switch (expression.type) {
      case 'text':
        return true
      case 'chars':
        return expression.set.length > 0
      case 'rule':
        return values.get(expression.name) === 1
      case 'sequence':
        return expression.parts.every(part => isFinite(part, values))
      case 'choice':
        return expression.options.some(option => isFinite(option, values))
      case 'repeat':
        return expression.min === 0 || isFinite(expression.part, values)
    }
  }
  return settle(rules, 0, (name, values) => Number(isFinite(ruleOf(rules, name), values)))
}

/** Which rules the empty text matches: 1 for those, 0 for the others. */
export function findEmpty(rules: Rules): Values {
  return settle(rules, 0, (name, values) => Number(isEmpty(ruleOf(rules, name), values)))
}

export function isEmpty(expression: Expression, values: Values): boolean {
  switch (expression.type) {
    case 'text':
      return expression.text === ''
    case 'chars':
      return false
    case 'rule':
      return values.get(expression.name) === 1
    case 'sequence':
      return expression.parts.every(part => isEmpty(part, values))
    case 'choice':
      return expression.options.some(option => isEmpty(option, values))
    case 'repeat':
      return expression.min === 0 || isEmpty(expression.part, values)
  }
}

/** The rules that these lead to. */
export function reachable(rules: Rules, roots: readonly string[]): Rules {
  const found = new Map<string, Expression>()
  const queue = new Set(roots)
  for (const name of queue) {
    const expression = ruleOf(rules, name)
    found.set(name, expression)
    for (const used of rulesIn(expression)) queue.add(used)
  }
  return found
}

/** Leaves out what no finite text matches, and the rules that nothing needs then. The first rule is the root. */
export function withoutEndless(rules: Rules): Rules {
  const finite = findFinite(rules)
  const kept = new Map<string, Expression>()
  for (const [name, expression] of rules) {
    const pruned = finite.get(name) === 1 ? prune(expression, finite) : undefined
    if (pruned) kept.set(name, pruned)
  }
  const [root] = rules.keys()
  return root !== undefined && kept.has(root) ? reachable(kept, [root]) : new Map()
}

function prune(expression: Expression, finite: Values): Expression | undefined {
  switch (expression.type) {
    case 'text':
      return expression
    case 'chars':
      return expression.set.length > 0 ? expression : undefined
    case 'rule':
      return finite.get(expression.name) === 1 ? expression : undefined
    case 'sequence': {
      const parts = expression.parts.map(part => prune(part, finite))
      return parts.every(part => part !== undefined) ? { ...expression, parts } : undefined
    }
    case 'choice': {
      const options = expression.options.flatMap(option => prune(option, finite) ?? [])
      return options.length > 0 ? { ...expression, options } : undefined
    }
    case 'repeat':
      return pruneRepeat(expression, finite)
  }
}

function pruneRepeat(expression: Repeat, finite: Values): Expression | undefined {
  const part = prune(expression.part, finite)
  if (part) return { ...expression, part }
  return expression.min === 0 ? nothing : undefined
}

/** Gives a rule, or what nothing matches where there is none of that name. */
export function ruleOf(rules: Rules, name: string): Expression {
  return rules.get(name) ?? { type: 'choice', options: [], isDistinct: true }
}

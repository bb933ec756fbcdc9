import type { Expression } from './expression.ts'
import { findEmpty, isEmpty, ruleOf } from './grammar-analysis.ts'
import type { Rules, Values } from './grammar-analysis.ts'
import { limits, TooCostly } from './limits.ts'

/**
 * Refuses what the native parser would refuse, or look at for too long.
 * Its search for left recursion goes down the beginnings of rules again for each rule that shares them.
 */
export function checkNativeCost(rules: Rules): void {
  let elements = 0
  for (const expression of rules.values()) {
    elements += countElements(expression)
    if (elements > limits.nativeElements) throw new TooCostly('its repetitions make the grammar too large')
  }
  const empty = findEmpty(rules)
  if ([...rules.values()].some(expression => repeatsNothing(expression, empty)))
    throw new TooCostly('it repeats what may be empty')
  checkLeftSearch(rules, empty)
}

function checkLeftSearch(rules: Rules, empty: Values): void {
  const costs = new Map<string, number>()
  const begun = new Set<string>()
  const costOf = (name: string): number => {
    const known = costs.get(name)
    if (known !== undefined) return known
    if (begun.has(name)) throw new TooCostly('one of its rules begins with itself')
    begun.add(name)
    const cost = leftmost(ruleOf(rules, name), empty).reduce((sum, rule) => sum + costOf(rule), 1)
    costs.set(name, cost)
    return cost
  }
  let steps = 0
  for (const name of rules.keys()) {
    steps += costOf(name)
    if (steps > limits.leftSearchSteps) throw new TooCostly('too many of its rules begin with the same rules')
  }
}

function repeatsNothing(expression: Expression, empty: Values): boolean {
  switch (expression.type) {
    case 'text':
    case 'chars':
    case 'rule':
      return false
    case 'sequence':
      return expression.parts.some(part => repeatsNothing(part, empty))
    case 'choice':
      return expression.options.some(option => repeatsNothing(option, empty))
    case 'repeat':
      return isEmpty(expression.part, empty) || repeatsNothing(expression.part, empty)
  }
}

/** The rules that an expression may begin with, as often as the native parser would look at them. */
function leftmost(expression: Expression, empty: Values): readonly string[] {
  switch (expression.type) {
    case 'text':
    case 'chars':
      return []
    case 'rule':
      return [expression.name]
    case 'sequence':
      return leftmostOf(expression.parts, empty)
    case 'choice':
      return expression.options.flatMap(option => leftmost(option, empty))
    case 'repeat':
      return leftmost(expression.part, empty)
  }
}

function leftmostOf(parts: readonly Expression[], empty: Values): readonly string[] {
  const names: string[] = []
  for (const part of parts) {
    names.push(...leftmost(part, empty))
    if (!isEmpty(part, empty)) break
  }
  return names
}

/** How many elements an expression has once the native parser has written its repetitions out. */
function countElements(expression: Expression): number {
  switch (expression.type) {
    case 'text':
      return expression.text.length
    case 'chars':
      return expression.set.length * 2
    case 'rule':
      return 1
    case 'sequence':
      return expression.parts.reduce((sum, part) => sum + countElements(part), 1)
    case 'choice':
      return expression.options.reduce((sum, option) => sum + countElements(option) + 1, 1)
    case 'repeat':
      return countElements(expression.part) * (expression.max ?? expression.min + 1) + 2 * (expression.max ?? 1)
  }
}

import type { Expression } from './expression.ts'

/** Named rules. What says the same is one rule, so that alike parts of schemas cost nothing twice. */
export class RuleSet {
  readonly #rules = new Map<string, Expression | undefined>()
  readonly #names = new Map<string, string>()

  /** Names an expression. `hint` is a word of letters that readers of the grammar see. */
  add(hint: string, expression: Expression): Expression {
    if (expression.type === 'rule') return expression
    const key = JSON.stringify(expression)
    const known = this.#names.get(key)
    if (known !== undefined) return { type: 'rule', name: known }
    const name = this.reserve(hint)
    this.define(name, expression)
    this.#names.set(key, name)
    return { type: 'rule', name }
  }

  /** Gives a name to a rule that is needed before it can be said, as in recursion. */
  reserve(hint: string): string {
    const name = `${hint}-${this.#rules.size}`
    this.#rules.set(name, undefined)
    return name
  }

  define(name: string, expression: Expression): void {
    this.#rules.set(name, expression)
  }

  get size(): number {
    return this.#rules.size
  }

  /** Every rule that has been said. */
  get defined(): ReadonlyMap<string, Expression> {
    const defined = new Map<string, Expression>()
    for (const [name, expression] of this.#rules) if (expression) defined.set(name, expression)
    return defined
  }
}

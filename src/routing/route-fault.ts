import type { FieldPath } from '../core/errors.ts'

/** What is wrong with the owner's rules, and where. `message` begins with the field. */
export class RouteFault extends Error {
  override readonly name = 'RouteFault'
  readonly field: FieldPath
  /** What is wrong, to be said after the field. */
  readonly problem: string

  constructor(field: FieldPath, problem: string, options?: ErrorOptions) {
    super(`${field.join('.')} ${problem}`, options)
    this.field = field
    this.problem = problem
  }

  /** Does a thing, and says of its failure which field it is about. */
  static within<T>(field: FieldPath, act: () => T): T {
    try {
      return act()
    } catch (error) {
      throw new RouteFault(field, error instanceof Error ? error.message : 'cannot be read', { cause: error })
    }
  }
}

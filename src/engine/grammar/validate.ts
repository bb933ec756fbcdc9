import type { Json, JsonObject } from '../../core/json.ts'
import { accepts } from './automaton.ts'
import type { Automaton } from './automaton.ts'
import { isArray, isObject, own, resolveReference } from './json-schema.ts'
import { Allowance, TooCostly } from './limits.ts'
import { keywordChecks } from './keyword-checks.ts'
import type { KeywordCheck, Place, Validation } from './keyword-checks.ts'
import { expressionMachine } from './string-format.ts'

/** Where and why a value does not match. `path` is dotted, and empty for the whole value. */
export interface Problem {
  readonly path: string
  readonly why: string
}

export type Verdict =
  /** `unchecked` says what of the schema could not be looked at, where there is such. */
  | { readonly type: 'valid'; readonly unchecked?: string }
  | { readonly type: 'invalid'; readonly problems: readonly Problem[] }
  /** The schema asks for more work than a request is worth. */
  | { readonly type: 'undecided'; readonly why: string }

export interface ValidateOptions {
  /** The document that references are about, where `schema` is a part of one. */
  readonly root?: Json
  /** What this and other checks may take together. */
  readonly allowance?: Allowance
}

/**
 * Checks a value against a JSON Schema, within an allowance of steps that no schema can pass.
 * Keywords it does not know and remote references say nothing.
 */
export function validate(value: Json, schema: Json, options: ValidateOptions = {}): Verdict {
  const problems: Problem[] = []
  try {
    const validator = new Validator(schema, options)
    const isValid = validator.check(value, schema, { path: '', depth: 0, problems })
    if (!isValid) return { type: 'invalid', problems }
    const { unchecked } = validator
    return { type: 'valid', ...(unchecked !== undefined && { unchecked }) }
  } catch (error) {
    if (error instanceof TooCostly) return { type: 'undecided', why: error.message }
    throw error
  }
}

const mostSteps = 100_000
const mostDepth = 200
const mostProblems = 8
const listedPerStep = 64

class Validator implements Validation {
  readonly #root: Json
  readonly #allowance: Allowance
  /** The references that are being followed, from the outermost. */
  readonly #begun: { readonly target: Json; readonly path: string }[] = []
  readonly #machines = new Map<string, Automaton | undefined>()
  readonly #costs = new Map<JsonObject, number>()
  #unchecked: string | undefined

  constructor(schema: Json, { root, allowance }: ValidateOptions) {
    this.#root = root ?? schema
    this.#allowance = allowance ?? new Allowance(mostSteps, 'checking it takes too many steps')
  }

  check(value: Json, schema: Json, place: Place): boolean {
    this.#allowance.take()
    if (place.depth > mostDepth) throw new TooCostly('it nests too deep to be checked')
    if (schema === false) return this.report(place, 'must be absent: nothing is allowed here')
    if (!isObject(schema)) return true
    this.#allowance.take(this.#costOf(schema))
    if (value === null && own(schema, 'nullable') === true) return true
    const reference = own(schema, '$ref')
    let isValid = typeof reference === 'string' ? this.#checkReference(value, reference, place) : true
    for (const [keyword, check] of keywordChecks) {
      const demand = own(schema, keyword)
      if (demand !== undefined) isValid = this.#run(check, { value, demand, schema, place }) && isValid
    }
    return isValid
  }

  report({ path, problems }: Place, why: string): false {
    if (problems && problems.length < mostProblems) problems.push({ path, why })
    return false
  }

  take(steps: number): void {
    this.#allowance.take(steps)
  }

  get unchecked(): string | undefined {
    return this.#unchecked
  }

  /* What cannot be followed is taken to match, and named. */
  matches(source: string, text: string): boolean {
    if (!this.#machines.has(source)) this.#machines.set(source, this.#machine(source))
    const machine = this.#machines.get(source)
    if (!machine) {
      this.#unchecked = 'one of its patterns is not regular, or costs too much'
      return true
    }
    this.#allowance.take(Math.ceil((text.length * machine.states.length) / 25))
    return accepts(machine, text)
  }

  #run(check: KeywordCheck, parts: { value: Json; demand: Json; schema: JsonObject; place: Place }): boolean {
    return check({ ...parts, validation: this })
  }

  /* A schema may list thousands of values or names, each of which is looked at for each value that is checked. */
  #costOf(schema: JsonObject): number {
    const known = this.#costs.get(schema)
    if (known !== undefined) return known
    const listed = Object.values(schema).reduce<number>(
      (sum, demand) => sum + 1 + (isArray(demand) ? demand.length : 0),
      0,
    )
    const cost = Math.floor(listed / listedPerStep)
    this.#costs.set(schema, cost)
    return cost
  }

  #checkReference(value: Json, reference: string, place: Place): boolean {
    const target = resolveReference(this.#root, reference)
    if (target === undefined) return true
    // A schema that refers to itself before it says anything is matched by what its other alternatives match.
    const isRepeated = this.#begun.some(one => one.target === target && one.path === place.path)
    if (isRepeated) return this.report(place, 'must match a schema that only refers to itself')
    this.#begun.push({ target, path: place.path })
    const isValid = this.check(value, target, { ...place, depth: place.depth + 1 })
    this.#begun.pop()
    return isValid
  }

  #machine(source: string): Automaton | undefined {
    const machine = machineOf(source)
    this.#allowance.take(20 + Math.ceil((machine?.states.length ?? 0) / 20))
    return machine
  }
}

function machineOf(source: string): Automaton | undefined {
  try {
    return expressionMachine(source)
  } catch (error) {
    if (error instanceof TooCostly) return undefined
    throw error
  }
}

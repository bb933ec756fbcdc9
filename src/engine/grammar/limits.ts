/*
 * What a schema may cost. Beyond any of these no grammar is made, and the answer is checked and mended once it is written.
 * Real agents stay far below: twenty tools of twelve properties make some 600 rules and 40 KB.
 */
export const limits = {
  /** Keywords and schemas looked at for one grammar, merged ones counted each time. */
  schemaSteps: 40_000,
  /** Steps of checking which listed values the rest of their schemas allows, for one grammar. */
  enumSteps: 50_000,
  /** How deep schemas may lie within each other. */
  schemaDepth: 48,
  properties: 512,
  /** What a union may come to after `anyOf`, `oneOf` and `allOf` are multiplied out. */
  alternatives: 128,
  /** Beyond this many, a condition is left to the validator. */
  conditionalAlternatives: 16,
  enumValues: 2_000,
  enumCharacters: 64_000,
  /** Beyond this many, a count of items is left to the validator. */
  unrolledItems: 256,
  /** Beyond this many, a length of a string is left to the validator. */
  unrolledCharacters: 1_000,
  /** How deep free JSON may nest, so that a lost model does not open brackets for ever. */
  freeDepth: 10,
  /** How many ways of reading what was written so far may be open at once. */
  parallelReadings: 256,
  rules: 20_000,
  grammarBytes: 512 * 1024,
  /** Elements after the native parser has written every repetition out. */
  nativeElements: 200_000,
  /** Steps of the native parser's search for left recursion, which visits shared rules again and again. */
  leftSearchSteps: 1_000_000,
  patternLength: 512,
  patternDepth: 24,
  patternStates: 4_000,
  automatonStates: 1_000,
  automatonSteps: 2_000_000,
  notes: 32,
} as const

/** Thrown within this folder, and caught at its edge, where a limit is passed. */
export class TooCostly extends Error {
  override readonly name = 'TooCostly'
}

/** A number of steps that a piece of work may take. */
export class Allowance {
  #left: number
  readonly #of: string

  constructor(steps: number, of: string) {
    this.#left = steps
    this.#of = of
  }

  take(steps = 1): void {
    this.#left -= steps
    if (this.#left < 0) throw new TooCostly(this.#of)
  }
}

/** Something that clients rely on, and the tests that prove it. */
export interface Requirement {
  /** Stands in brackets before the title of each test that proves it. */
  readonly id: string
  /** The public page that says so. */
  readonly source: string
  readonly behaviour: string
  /** Titles of tests, without the id. */
  readonly provenBy: readonly string[]
}

/** Something of a protocol that is not done, and what happens instead. */
export interface Shortfall {
  readonly what: string
  readonly instead: string
}

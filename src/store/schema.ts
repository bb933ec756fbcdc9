/**
 * The tables as both databases have them: texts, and whole numbers up to 2^53. JSON is text, times are milliseconds
 * since 1970.
 */
export interface Schema {
  readonly migrations: MigrationRow
  readonly state: StateRow
  readonly master_keys: MasterKeyRow
  readonly providers: ProviderRow
  readonly credentials: CredentialRow
  readonly routes: RouteRow
  readonly model_aliases: ModelAliasRow
  readonly attempts: AttemptRow
  readonly responses: ResponseRow
  readonly response_items: ResponseItemRow
}

/** One step that brought the tables to their present form. */
export interface MigrationRow {
  readonly name: string
  readonly applied_at: number
}

/** The only row of `state`: every change that an owner makes adds one to its version. */
export interface StateRow {
  readonly id: number
  readonly version: number
}

/** The master key that the secrets are sealed with: its id, and a known text sealed with it. */
export interface MasterKeyRow {
  readonly id: string
  readonly sealed: string
  readonly created_at: number
}

export interface ProviderRow {
  readonly id: string
  readonly settings: string
  readonly changed_at: number
}

/** One secret of a provider: its `key`, or a header's value. */
export interface CredentialRow {
  readonly provider: string
  readonly name: string
  readonly sealed: string
  readonly changed_at: number
}

export interface RouteRow {
  readonly name: string
  readonly position: number
  readonly rule: string
  readonly changed_at: number
}

export interface ModelAliasRow {
  readonly type: string
  readonly text: string
  readonly model: string
  readonly changed_at: number
}

export interface AttemptRow {
  readonly request_id: string
  readonly number: number
  readonly at: number
  readonly provider: string
  readonly model: string
  readonly failure: string | null
  readonly duration_ms: number
}

/** An answer that a client asked to be kept, with what it answers. Both are JSON. */
export interface ResponseRow {
  readonly id: string
  /** The client that it belongs to. */
  readonly owner: string
  /** The answer that it went on from. */
  readonly previous_id: string | null
  readonly is_local_only: number
  readonly used_at: number
  /** Bytes of both texts. */
  readonly size: number
  readonly input: string
  readonly response: string
}

/** An item of an answer, or of what it answers, whose id does not lead to the answer by itself. */
export interface ResponseItemRow {
  readonly owner: string
  readonly item_id: string
  readonly response_id: string
}

import { ModelError } from '../core/errors.ts'

/** A setting or a file that keeps the store from being used as it is. Somebody has to decide; nothing was changed. */
export function refusal(message: string, cause?: unknown): ModelError {
  return new ModelError('conflict', message, { cause })
}

/** Something beside the database that is needed and does not answer. */
export function unavailable(message: string, cause?: unknown): ModelError {
  return new ModelError('unavailable', message, { cause })
}

/* Primary result codes of SQLite. */
const sqliteFailures: Readonly<Record<number, string>> = {
  5: 'it is being used by another program; try again',
  8: 'it may not be written to; check the rights of its folder',
  10: 'the disk cannot be read or written; check that it is sound and not full',
  11: 'it is damaged; put back a copy from its folder "backups", or move it away to begin anew',
  13: 'the disk is full; make room, then try again',
  14: 'it cannot be opened; check that its folder exists and is yours',
  26: 'it is no database of Duologue; move the file away to begin anew',
}

/* What Postgres, the network and the file system say. */
const otherFailures: Readonly<Record<string, string>> = {
  '28P01': 'the password is not accepted; check DATABASE_URL',
  28000: 'the user is not accepted; check DATABASE_URL',
  '3D000': 'there is no such database; make it, or check DATABASE_URL',
  42501: 'the user lacks rights; let it create a schema in this database',
  53100: 'its disk is full',
  53300: 'it has too many connections',
  57014: 'it took too long to answer',
  ENOTFOUND: 'its host is unknown; check DATABASE_URL',
  EACCES: 'its folder may not be used; check the rights',
  EROFS: 'its disk cannot be written to',
  ENOTDIR: 'a file stands where its folder is needed',
  EEXIST: 'a file stands where its folder is needed',
  ENOSPC: 'the disk is full; make room, then try again',
}

/** Says in our own words what a database or its disk refused. What is told already stays as it is. */
export function storeFailure(error: unknown, database: string): ModelError {
  if (error instanceof ModelError) return error
  const why = reasonOf(error)
  return unavailable(`the database ${database} cannot be used: ${why}`, error)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed'
  if ('errcode' in error && typeof error.errcode === 'number') {
    // The upper bits only say more of the same.
    return sqliteFailures[error.errcode % 256] ?? 'it refused what was asked; the cause is in the log'
  }
  const code = 'code' in error ? String(error.code) : ''
  return otherFailures[code] ?? 'it does not answer'
}

/** The code that the system gave an error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

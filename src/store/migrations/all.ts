import { firstTables } from './0001-first-tables.ts'
import { responses } from './0002-responses.ts'
import { responsesByAge } from './0003-responses-by-age.ts'
import { responseItems } from './0004-response-items.ts'
import type { Migration } from './migrate.ts'

/** Every step there is, in order. A step that was released is never changed: the next one mends it. */
export const migrations: readonly Migration[] = [firstTables, responses, responsesByAge, responseItems]

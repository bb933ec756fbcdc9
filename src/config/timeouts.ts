import * as z from 'zod'
import { duration } from './quantities.ts'
import { rename } from './rename.ts'

/** How long to wait for each part of an answer. */
export const timeoutsSchema = z
  .strictObject({
    connect: duration.exactOptional(),
    'first-token': duration.exactOptional().describe('to the first event that tells something'),
    idle: duration.exactOptional().describe('between two pieces of the answer'),
    total: duration.exactOptional().describe('for the whole answer'),
  })
  .transform(value =>
    rename(value, { connect: 'connectMs', 'first-token': 'firstTokenMs', idle: 'idleMs', total: 'totalMs' }),
  )

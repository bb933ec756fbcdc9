import * as z from 'zod'
import { briefly } from './quantities.ts'
import { rename } from './rename.ts'

const limit = briefly.refine(
  milliseconds => milliseconds > 0,
  'nothing can be answered in 0; leave it out for no limit',
)

/** How long to wait for each part of an answer. */
export const timeoutsSchema = z
  .strictObject({
    connect: limit.exactOptional(),
    'first-token': limit.exactOptional().describe('to the first event that tells something'),
    idle: limit.exactOptional().describe('between two pieces of the answer'),
    total: limit.exactOptional().describe('for the whole answer'),
  })
  .transform(value =>
    rename(value, { connect: 'connectMs', 'first-token': 'firstTokenMs', idle: 'idleMs', total: 'totalMs' }),
  )

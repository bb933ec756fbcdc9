import * as z from 'zod'
import { briefly } from './quantities.ts'
import { rename } from './rename.ts'

const limit = briefly.refine(
  milliseconds => milliseconds > 0,
  'nothing can be answered in 0; leave it out for no limit',
)

const parts = {
  'first-token': limit.exactOptional().describe('to the first event that tells something'),
  idle: limit.exactOptional().describe('between two pieces of the answer'),
  total: limit.exactOptional().describe('for the whole answer'),
}

const names = { 'first-token': 'firstTokenMs', idle: 'idleMs', total: 'totalMs' } as const

/** How long to wait for each part of a provider's answer. */
export const timeoutsSchema = z
  .strictObject({ connect: limit.exactOptional(), ...parts })
  .transform(value => rename(value, { connect: 'connectMs', ...names }))

/** How long a rule lets a target take for each part of its answer. How long to connect may take is its provider's. */
export const targetTimeoutsSchema = z.strictObject(parts).transform(value => rename(value, names))

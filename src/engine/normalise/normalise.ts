import type { ModelRequest } from '../../core/request.ts'
import { createFirstSpellings } from './first-spellings.ts'
import { normaliseRules } from './rules.ts'

/** Makes requests of equal meaning equal, so that what was evaluated for one serves the next. */
export type Normaliser = (request: ModelRequest) => ModelRequest

/** Makes a normaliser of all rules but those that are named. */
export function createNormaliser(off: readonly string[] = []): Normaliser {
  const rules = normaliseRules.filter(({ name }) => !off.includes(name))
  const spellings = createFirstSpellings()
  return request => rules.reduce((made, { apply }) => apply(made, spellings), request)
}

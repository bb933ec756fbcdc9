import type { ModelRequest } from '../../core/request.ts'
import { dropBillingLine } from './billing-line.ts'
import type { FirstSpellings } from './first-spellings.ts'
import { trimSystem } from './system-white-space.ts'
import { keepArgumentOrder, keepSchemaOrder, keepToolOrder } from './tools.ts'

/** One thing that requests of equal meaning differ in, and how it is made equal before a prompt is made of it. */
export interface NormaliseRule {
  readonly name: string
  readonly about: string
  readonly apply: (request: ModelRequest, spellings: FirstSpellings) => ModelRequest
}

/** All rules, in the order in which they are applied. */
export const normaliseRules: readonly NormaliseRule[] = [
  {
    name: 'billing-line',
    about: 'drops the billing line that Claude Code puts before the system prompt and changes from request to request',
    apply: dropBillingLine,
  },
  {
    name: 'system-white-space',
    about: 'drops white space at the end of each system block',
    apply: trimSystem,
  },
  {
    name: 'schema-key-order',
    about: 'keeps the keys of a tool’s schema in the order in which the schema first came',
    apply: keepSchemaOrder,
  },
  {
    name: 'tool-order',
    about: 'keeps the same tools in the order in which they first came',
    apply: keepToolOrder,
  },
  {
    name: 'argument-key-order',
    about: 'keeps the keys of an earlier tool call’s arguments in the order in which they first came',
    apply: keepArgumentOrder,
  },
]

import fc from 'fast-check'
import type { JsonObject } from '../../src/core/json.ts'

const names = ['a', 'b', 'ab', 'c "d"', 'é']
const name = fc.constantFrom(...names)
const size = fc.nat({ max: 4 })

const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(fields, { requiredKeys: [] })

const keyed = (type: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
  some(fields).map(rest => ({ type, ...rest }))

/** Schemas of every shape that a grammar knows, nested and referring to each other, possible and impossible. */
export const arbitrarySchema: fc.Arbitrary<JsonObject> = fc
  .letrec<{ schema: unknown }>(tie => ({
    schema: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'schema' },
      fc.constantFrom<unknown>(
        {},
        { type: 'string' },
        { type: 'integer' },
        { type: 'boolean' },
        { type: ['string', 'null'] },
        { $ref: '#' },
        { $ref: '#/$defs/shared' },
        { type: 'string', pattern: '^[a-c]{1,3}$' },
        { type: 'string', format: 'date' },
      ),
      fc
        .uniqueArray(fc.oneof(fc.string({ maxLength: 4 }), fc.integer(), fc.boolean()), { minLength: 1, maxLength: 4 })
        .map(values => ({ enum: values })),
      keyed('string', { minLength: size, maxLength: size }),
      keyed('integer', { minimum: fc.integer({ min: -120, max: 120 }), maximum: fc.integer({ min: -120, max: 120 }) }),
      keyed('number', {
        minimum: fc.integer({ min: -20, max: 20 }),
        exclusiveMaximum: fc.integer({ min: -20, max: 20 }),
      }),
      keyed('array', { items: tie('schema'), minItems: size, maxItems: size }),
      keyed('array', { prefixItems: fc.array(tie('schema'), { maxLength: 2 }), items: fc.constant(false) }),
      keyed('object', {
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 3 }),
        required: fc.uniqueArray(name, { maxLength: 2 }),
        additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      }),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map(anyOf => ({ anyOf })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map(allOf => ({ allOf })),
      fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => ({ anyOf: [a], ...(b as object) })),
    ),
  }))
  .schema.chain(schema =>
    fc.constantFrom({ type: 'null' }, { type: 'array', items: { $ref: '#' }, maxItems: 1 }).map(shared => ({
      ...(schema as JsonObject),
      $defs: { shared },
    })),
  )

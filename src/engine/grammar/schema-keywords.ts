/** Keywords that say something to people, or whose work is done elsewhere: nothing to enforce. */
export const silentKeywords: ReadonlySet<string> = new Set([
  '$anchor',
  '$comment',
  '$defs',
  '$id',
  '$schema',
  'contentEncoding',
  'contentMediaType',
  'default',
  'definitions',
  'deprecated',
  'description',
  'discriminator',
  'enumDescriptions',
  'errorMessage',
  'example',
  'examples',
  'id',
  'markdownDescription',
  'readOnly',
  'strict',
  'title',
  'writeOnly',
])

/** Keywords that a grammar expresses, at least in part. */
export const grammarKeywords: ReadonlySet<string> = new Set([
  '$ref',
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'const',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'items',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'nullable',
  'oneOf',
  'pattern',
  'patternProperties',
  'prefixItems',
  'properties',
  'required',
  'type',
])

/** Keywords that a grammar cannot express, and the validator checks. */
export const validatorKeywords: ReadonlySet<string> = new Set([
  'contains',
  'dependentRequired',
  'else',
  'if',
  'maxContains',
  'minContains',
  'multipleOf',
  'not',
  'propertyNames',
  'then',
  'uniqueItems',
])

/** Keywords that combine schemas. A plain schema has none of them. */
export const combiners: ReadonlySet<string> = new Set(['$ref', 'allOf', 'anyOf', 'oneOf', 'nullable'])

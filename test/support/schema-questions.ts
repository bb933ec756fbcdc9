import fc from 'fast-check'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { agentSchemas } from './agent-schemas.ts'
import { arbitrarySchema } from './arbitrary-schema.ts'

/** A request that forces a shape upon an answer, in the words of neither protocol. */
export interface SchemaQuestion {
  readonly protocol: 'anthropic' | 'openai'
  readonly text: string
  readonly tools: readonly { readonly name: string; readonly schema: JsonObject }[]
  /** `named` means the first tool. */
  readonly choice: 'auto' | 'any' | 'named' | 'none'
  readonly mayCallSeveral: boolean
  /** The shape that the text must have. */
  readonly format?: JsonObject
  /** How long a forced answer may be. */
  readonly mostTokens?: number
}

/* The tools of an agent are objects. What else agents send is the shape of one of their properties. */
const agentTools = agentSchemas
  .map(({ schema }) => (schema['type'] === 'object' ? schema : inObject(schema)))
  // The server takes no body that holds this key.
  .filter(schema => !JSON.stringify(schema).includes('"__proto__"'))

const anySchema = fc.oneof(fc.constantFrom(...agentTools), arbitrarySchema.map(inObject))

const someTools = fc
  .oneof(
    { arbitrary: fc.array(anySchema, { minLength: 1, maxLength: 3 }), weight: 6 },
    { arbitrary: fc.shuffledSubarray(agentTools, { minLength: 8, maxLength: 24 }), weight: 1 },
  )
  .map(schemas => schemas.map((schema, index) => ({ name: `tool_${index}`, schema })))

const shared = {
  protocol: fc.constantFrom('anthropic', 'openai'),
  text: fc.constantFrom('Go on.', 'Look around, then say what you see.', 'Ω {"a": 1} <tool_call>'),
  mayCallSeveral: fc.boolean(),
} as const

/* Most force a call: without, there is often nothing to judge. */
const someChoice = fc.constantFrom('any', 'any', 'any', 'named', 'named', 'named', 'auto', 'none')

/** Requests with the tools of real agents and with tools of any schema, and with formats likewise. */
export const schemaQuestion: fc.Arbitrary<SchemaQuestion> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ...shared, tools: someTools, choice: someChoice }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...shared, tools: fc.constant([]), choice: fc.constant('auto'), format: anySchema }),
  },
)

/** A schema as that of a property, with its definitions where its references look for them. */
function inObject({ $defs, definitions, ...schema }: JsonObject): JsonObject {
  return {
    type: 'object',
    properties: { value: schema },
    required: ['value'],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  }
}

/** The question as an Anthropic client asks it. */
export function toAnthropic({ text, tools, choice, mayCallSeveral, format }: SchemaQuestion): Record<string, Json> {
  const single = mayCallSeveral ? {} : { disable_parallel_tool_use: true }
  const choices: Readonly<Record<SchemaQuestion['choice'], JsonObject>> = {
    auto: { type: 'auto', ...single },
    any: { type: 'any', ...single },
    named: { type: 'tool', name: 'tool_0', ...single },
    none: { type: 'none' },
  }
  return {
    messages: [{ role: 'user', content: text }],
    ...(tools.length > 0 && {
      tools: tools.map(({ name, schema }) => ({ name, input_schema: schema, strict: true })),
      tool_choice: choices[choice],
    }),
    ...(format && { output_config: { format: { type: 'json_schema', schema: format } } }),
  }
}

/** The question as an OpenAI client asks it. */
export function toOpenAI({ text, tools, choice, mayCallSeveral, format }: SchemaQuestion): Record<string, Json> {
  const choices: Readonly<Record<SchemaQuestion['choice'], Json>> = {
    auto: 'auto',
    any: 'required',
    named: { type: 'function', function: { name: 'tool_0' } },
    none: 'none',
  }
  return {
    messages: [{ role: 'user', content: text }],
    ...(tools.length > 0 && {
      tools: tools.map(({ name, schema }) => ({
        type: 'function',
        function: { name, parameters: schema, strict: true },
      })),
      tool_choice: choices[choice],
      parallel_tool_calls: mayCallSeveral,
    }),
    ...(format && {
      response_format: { type: 'json_schema', json_schema: { name: 'shape', schema: format, strict: true } },
    }),
  }
}

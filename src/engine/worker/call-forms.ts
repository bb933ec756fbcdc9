import type { JsonObject } from '../../core/json.ts'
import type { ChatTool } from '../chat-prompt.ts'
import { choice, optional, repeat, sequence } from '../grammar/expression.ts'
import type { Expression } from '../grammar/expression.ts'
import type { CallFormat } from './output/output-format.ts'
import type { Pieces } from './schema-pieces.ts'

/** Calls of any of `tools`, as a family writes them, from the opening marker on. */
export function writtenCalls(
  calls: CallFormat,
  { tools, most }: { tools: readonly ChatTool[]; most: 'one' | 'several' },
  pieces: Pieces,
): Expression {
  const { say } = pieces
  const [marker = ''] = calls.isBare ? [] : calls.opens
  // The parser reads JSON in the place of any other form, and only of JSON a schema can be demanded.
  const opening = calls.close === undefined ? marker : `${marker}\n`
  const call = sequence(say(opening), restOfCall(calls, tools, pieces))
  if (most === 'one') return call
  const between = calls.isBare ? say('; ') : optional(say('\n'))
  return sequence(call, repeat(sequence(between, call), 0))
}

/** What follows an opening marker. */
export function restOfCall(calls: CallFormat, tools: readonly ChatTool[], pieces: Pieces): Expression {
  const { say } = pieces
  const one = choice(...tools.map((tool, index) => writtenCall(tool, { calls, index }, pieces)))
  const listed = calls.isList ? sequence(say('['), one, say(']')) : one
  return calls.close === undefined ? listed : sequence(listed, optional(say('\n')), say(calls.close))
}

/** The arguments of one tool. */
export function writtenArguments(tool: ChatTool, index: number, pieces: Pieces): Expression {
  return pieces.matching(argumentsSchema(tool), { field: argumentsField(index), isStrict: tool.isStrict ?? false })
}

/** The request's field of the schema of a tool's arguments. */
export function argumentsField(index: number): string {
  return `tools.${index}.inputSchema`
}

/** The schema of a tool's arguments, which are an object, whatever it says or forgets to say. */
export function argumentsSchema({ inputSchema }: ChatTool): JsonObject {
  return inputSchema['type'] === 'object' ? inputSchema : { ...inputSchema, type: 'object' }
}

function writtenCall(
  tool: ChatTool,
  { calls: { body, argumentsKey = 'arguments' }, index }: { calls: CallFormat; index: number },
  pieces: Pieces,
): Expression {
  const { say } = pieces
  const input = writtenArguments(tool, index, pieces)
  if (body === 'named-json') return sequence(say(`${tool.name}[ARGS]`), input)
  return sequence(say(`{"name": ${JSON.stringify(tool.name)}, "${argumentsKey}": `), input, say('}'))
}

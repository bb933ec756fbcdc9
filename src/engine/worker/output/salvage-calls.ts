import { parseJson } from '../../grammar/parse-json.ts'
import { repairJson } from '../../grammar/repair-json.ts'
import { wholeCall } from './output-event.ts'
import type { OutputEvent, ToolSchemas } from './output-event.ts'
import { mayLackArguments } from './tool-schema.ts'

/**
 * Makes out the calls in text that was meant as JSON and is none, as a Python dictionary is.
 * Gives nothing unless all of it is calls of known tools.
 */
export function salvageCalls(text: string, tools: ToolSchemas): readonly OutputEvent[] | undefined {
  const value: unknown = parseJson(repairJson(text) ?? '')
  if (value === undefined) return undefined
  const calls = (Array.isArray(value) ? value : [value]).map(item => toCall(item, tools))
  return calls.every(call => call !== undefined) ? calls.flat() : undefined
}

function toCall(value: unknown, tools: ToolSchemas): readonly OutputEvent[] | undefined {
  if (!isRecord(value)) return undefined
  if (isRecord(value['function'])) return toCall(value['function'], tools)
  const { name, arguments: input = value['parameters'] } = value
  if (typeof name !== 'string' || !tools.has(name)) return undefined
  if (isRecord(input) && Object.keys(input).length > 0) return wholeCall(name, JSON.stringify(input))
  const isBare = input === undefined || isRecord(input)
  return isBare && mayLackArguments(name, tools) ? wholeCall(name, '{}') : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import type { JsonObject } from '../../core/json.ts'
import type { ModelRequest, Tool, ToolChoice } from '../../core/request.ts'
import { soleTool } from '../compat.ts'
import { defined, stringIn } from '../json.ts'
import type { Compat } from '../protocol.ts'
import { ownExtras } from './extras.ts'
import { noCacheMarks, type Report } from './losses.ts'
import { placeOf } from './namespaces.ts'
import type { FunctionTool, ResponsesRequest, ToolChoiceOption } from './wire.ts'

type ToolFields = Pick<ResponsesRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls'>

/** Writes the tools and which of them must be called; nothing where there are none. */
export function encodeToolFields(request: ModelRequest, compat: Compat, report: Report): ToolFields {
  const { tools = [], opaqueTools = [], toolChoice } = request
  const others = opaqueTools.flatMap(({ protocol, value }) => (protocol === 'openai-responses' ? [value] : []))
  if (tools.length + others.length === 0) return {}
  reportCacheMarks(tools, report)
  const sole = soleTool(request, compat)
  if (sole) report('toolChoice', 'emulated', 'the upstream takes no name, so it is offered this tool alone')
  return defined({
    tools: sole ? encodeTools([sole]) : [...encodeTools(tools), ...others],
    tool_choice: sole ? ('required' as const) : encodeChoiceOf(request),
    parallel_tool_calls: toolChoice?.isParallel,
  })
}

function reportCacheMarks(tools: readonly Tool[], report: Report): void {
  for (const [index, { cache }] of tools.entries()) {
    if (cache) report(`tools.${index}.cache`, 'dropped', noCacheMarks)
  }
}

/** Tools that came in one namespace are written in one again, where the first of them stands. */
function encodeTools(tools: readonly Tool[]): readonly (FunctionTool | JsonObject)[] {
  const groups = Map.groupBy(tools, tool => placeOf(tool)?.namespace['name'] ?? tool)
  return [...groups.values()].flatMap(group => {
    const places = group.flatMap(tool => placeOf(tool) ?? [])
    const [first] = places
    return first ? [{ ...first.namespace, tools: places.map(({ own }) => own) }] : group.map(encodeTool)
  })
}

function encodeTool(tool: Tool): FunctionTool | JsonObject {
  const own = ownExtras(tool)
  // A tool with a type of its own has all that it is among the kept fields.
  if ('type' in own) return own
  const { name, description, inputSchema, isStrict = false } = tool
  // Unlike in the other protocols, a function that says nothing of it is strict.
  return { ...own, type: 'function', name, ...defined({ description }), parameters: inputSchema, strict: isStrict }
}

/** The choice of a tool that a server runs stands among the kept fields, and holds. */
function encodeChoiceOf(request: ModelRequest): ToolChoiceOption | undefined {
  const { tools = [], toolChoice } = request
  if ('tool_choice' in ownExtras(request)) return undefined
  return toolChoice && encodeToolChoice(toolChoice, tools)
}

function encodeToolChoice({ type, name }: ToolChoice, tools: readonly Tool[]): ToolChoiceOption {
  const chosen = type === 'tool' ? tools.find(tool => tool.name === name) : undefined
  if (chosen) return nameTool(chosen)
  return type === 'any' || type === 'tool' ? 'required' : type
}

/** Names a tool as the upstream is told of it. */
function nameTool(tool: Tool): ToolChoiceOption {
  const place = placeOf(tool)
  const own = place?.own ?? ownExtras(tool)
  const namespace = stringIn(place?.namespace['name'])
  return {
    type: own['type'] === 'custom' ? 'custom' : 'function',
    ...defined({ namespace }),
    name: place ? (stringIn(own['name']) ?? tool.name) : tool.name,
  }
}

import type { JsonObject } from '../../core/json.ts'
import type { ModelRequest, OpaqueTool, Tool, ToolChoice } from '../../core/request.ts'
import { defined, type Field, quoted } from '../json.ts'
import { decodeCache } from './decode-content.ts'
import { asExtras, keptFields } from './extras.ts'
import { runsOnClient, typedTool, typedToolTypes } from './typed-tools.ts'

const maxTools = 10_000
const toolName = /^[a-zA-Z0-9_-]{1,128}$/

/** Reads the tools and the choice among them. */
export function decodeToolFields(root: Field): Pick<ModelRequest, 'tools' | 'opaqueTools' | 'toolChoice'> {
  const offered = root.at('tools').maybe(decodeTools)
  const { tools = [], opaqueTools = [] } = offered ?? {}
  return defined({
    tools: offered?.tools,
    opaqueTools: opaqueTools.length > 0 ? opaqueTools : undefined,
    toolChoice: root.at('tool_choice').maybe(choice => decodeToolChoice(choice, { tools, opaqueTools })),
  })
}

/** The tools that the client runs, and those that Anthropic's servers do. */
interface Offered {
  readonly tools: readonly Tool[]
  readonly opaqueTools: readonly OpaqueTool[]
}

/** Reads the tools. Two of one name are refused; those that only Anthropic's servers run are kept as they are. */
function decodeTools(field: Field): Offered {
  const names = new Set<string>()
  const tools: Tool[] = []
  const opaqueTools: OpaqueTool[] = []
  for (const item of field.items(maxTools)) {
    const tool = decodeTool(item)
    if (!tool) opaqueTools.push({ protocol: 'anthropic-messages', value: item.object() })
    else if (names.has(tool.name)) item.at('name').fail(`${quoted(tool.name)} is the name of an earlier tool too`)
    else tools.push(tool)
    if (tool) names.add(tool.name)
  }
  return { tools, opaqueTools }
}

function decodeTool(tool: Field): Tool | undefined {
  const wire = tool.object()
  const type = tool.at('type').maybe(type => type.string()) ?? 'custom'
  if (type === 'custom') {
    const { type: _, ...kept } = keptFields(wire, 'tool') ?? {}
    return { ...decodeFunction(tool), ...decodeRest(tool, kept) }
  }
  const known = typedTool(type, wire)
  if (!known && runsOnClient(type)) {
    const choices = typedToolTypes.join(', ')
    return tool.at('type').fail(`${quoted(type)} is not known; use a tool with an input_schema or one of ${choices}`)
  }
  if (!known) return undefined
  const name = tool.at('name').maybe(decodeName) ?? known.name
  return { ...known, name, ...decodeRest(tool, keptFields(wire, 'tool')) }
}

function decodeFunction(tool: Field): Pick<Tool, 'name' | 'description' | 'inputSchema'> {
  const name = decodeName(tool.at('name'))
  const description = tool.at('description').maybe(description => description.string())
  const schema = tool.at('input_schema')
  const inputSchema = schema.object()
  schema.at('type').oneOf(['object'])
  return { name, ...defined({ description }), inputSchema }
}

function decodeName(field: Field): string {
  const name = field.string()
  if (toolName.test(name)) return name
  return field.fail(`must be 1 to 128 letters, digits, underscores and hyphens, not ${quoted(name)}`)
}

function decodeRest(tool: Field, kept: JsonObject | undefined): Pick<Tool, 'isStrict' | 'cache' | 'extras'> {
  return {
    ...defined({ isStrict: tool.at('strict').maybe(strict => strict.boolean()) }),
    ...decodeCache(tool),
    ...asExtras(kept),
  }
}

/** Reads which tools must be called. A tool that must be is one that the client runs. */
function decodeToolChoice(choice: Field, { tools, opaqueTools }: Offered): ToolChoice {
  choice.object()
  const type = choice.at('type').oneOf(['auto', 'any', 'tool', 'none'])
  const isDisabled = choice.at('disable_parallel_tool_use').maybe(disabled => disabled.boolean())
  const isParallel = isDisabled === undefined ? undefined : !isDisabled
  if (type === 'any' && tools.length + opaqueTools.length === 0) {
    return choice.fail('asks for a tool to be called, but there are no tools')
  }
  if (type !== 'tool') return { type, ...defined({ isParallel }) }
  const name = choice.at('name').string()
  if (!tools.some(tool => tool.name === name))
    return choice.at('name').fail(`${quoted(name)} is not the name of a tool in tools that the client runs`)
  return { type, name, ...defined({ isParallel }) }
}

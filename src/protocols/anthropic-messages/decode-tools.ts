import type { JsonObject } from '../../core/json.ts'
import type { Tool, ToolChoice } from '../../core/request.ts'
import { defined, type Field, quoted } from '../json.ts'
import { decodeCache } from './decode-content.ts'
import { asExtras, keptFields } from './extras.ts'
import { typedTool, typedToolTypes } from './typed-tools.ts'

const maxTools = 10_000
const toolName = /^[a-zA-Z0-9_-]{1,128}$/

/** Reads the tools that the client will run. Two of one name, and tools that only Anthropic's servers run, are refused. */
export function decodeTools(tools: Field): readonly Tool[] {
  const names = new Set<string>()
  return tools.items(maxTools).map(field => {
    const tool = decodeTool(field)
    if (names.has(tool.name)) return field.at('name').fail(`${quoted(tool.name)} is the name of an earlier tool too`)
    names.add(tool.name)
    return tool
  })
}

function decodeTool(tool: Field): Tool {
  const wire = tool.object()
  const type = tool.at('type').maybe(type => type.string()) ?? 'custom'
  if (type === 'custom') {
    const { type: _, ...kept } = keptFields(wire, 'tool') ?? {}
    return { ...decodeFunction(tool), ...decodeRest(tool, kept) }
  }
  const known = typedTool(type, wire)
  if (!known) {
    return tool
      .at('type')
      .fail(
        `${quoted(type)} does not run on the client; use a tool with an input_schema or one of ${typedToolTypes.join(', ')}`,
      )
  }
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

/** Reads which tools must be called. A tool that must be must be among `tools`. */
export function decodeToolChoice(choice: Field, tools: readonly Tool[]): ToolChoice {
  choice.object()
  const type = choice.at('type').oneOf(['auto', 'any', 'tool', 'none'])
  const isDisabled = choice.at('disable_parallel_tool_use').maybe(disabled => disabled.boolean())
  const isParallel = isDisabled === undefined ? undefined : !isDisabled
  if (type === 'any' && tools.length === 0) return choice.fail('asks for a tool to be called, but there are no tools')
  if (type !== 'tool') return { type, ...defined({ isParallel }) }
  const name = choice.at('name').string()
  if (!tools.some(tool => tool.name === name))
    return choice.at('name').fail(`${quoted(name)} is not the name of a tool in tools`)
  return { type, name, ...defined({ isParallel }) }
}

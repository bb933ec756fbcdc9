import type { JsonObject } from '../../core/json.ts'
import type { ModelRequest, OpaqueTool, Tool, ToolChoice } from '../../core/request.ts'
import { defined, type Field, quoted } from '../json.ts'
import { decodeTools, maxToolNameLength, maxTools, type Offered } from './decode-tools.ts'
import { placeOf } from './namespaces.ts'
import { flatName } from './tool-names.ts'

/** Reads the tools, and which of them must be called. Those are left out that a list of allowed tools does not name. */
export function decodeToolFields(root: Field): Pick<ModelRequest, 'tools' | 'opaqueTools' | 'toolChoice'> {
  const offered = root.at('tools').maybe(decodeTools)
  const { tools, opaqueTools, toolChoice } = decodeChoice(
    root.at('tool_choice'),
    offered ?? { tools: [], opaqueTools: [] },
  )
  const isParallel = root.at('parallel_tool_calls').maybe(field => field.boolean())
  const choice = toolChoice ?? (isParallel === undefined ? undefined : { type: 'auto' as const })
  return defined({
    tools: offered && tools,
    opaqueTools: opaqueTools.length > 0 ? opaqueTools : undefined,
    toolChoice: choice && { ...choice, ...defined({ isParallel }) },
  })
}

interface Chosen extends Offered {
  readonly toolChoice?: ToolChoice
}

const choices = { none: 'none', auto: 'auto', required: 'any' } as const

function decodeChoice(field: Field, offered: Offered): Chosen {
  if (field.isAbsent) return offered
  if (typeof field.value === 'string') {
    const type = choices[field.oneOf(['none', 'auto', 'required'])]
    if (type === 'any' && isEmpty(offered)) field.fail('a tool is required but `tools` has none')
    return { ...offered, toolChoice: { type } }
  }
  field.object()
  const type = field.at('type').string()
  if (type === 'allowed_tools') return decodeAllowed(field, offered)
  // A choice of a tool that only a server runs is kept for such a server.
  if (!functions.has(type)) return offered
  return { ...offered, toolChoice: { type: 'tool', name: declaredName(field, offered) } }
}

const functions: ReadonlySet<string> = new Set(['function', 'custom'])

function decodeAllowed(field: Field, offered: Offered): Chosen {
  const type = choices[field.at('mode').oneOf(['auto', 'required'])]
  const list = field.at('tools')
  const isAllowed = list.items(maxTools).map(item => decodeAllowedTool(item, offered))
  const left = {
    tools: offered.tools.filter(tool => isAllowed.some(is => is(tool))),
    opaqueTools: offered.opaqueTools.filter(tool => isAllowed.some(is => is(tool))),
  }
  if (type === 'any' && isEmpty(left)) list.fail('a tool is required but none of these is in `tools`')
  return { ...left, toolChoice: { type } }
}

/** Whether a tool is one that the client means. */
type Means = (tool: Tool | OpaqueTool) => boolean

/** Reads one allowed tool, which may stand for all of a namespace, or all of its type. */
function decodeAllowedTool(item: Field, offered: Offered): Means {
  const wanted = item.object()
  const type = item.at('type').string()
  if (functions.has(type)) {
    const name = declaredName(item, offered)
    return tool => 'name' in tool && tool.name === name
  }
  return tool => ('name' in tool ? isOfNamespace(tool, wanted) : isOfKind(tool, wanted))
}

function isOfNamespace(tool: Tool, { type, name }: JsonObject): boolean {
  const place = placeOf(tool)
  return type === 'namespace' && place !== undefined && place.namespace['name'] === name
}

/** The tools of remote servers are all of one type, and told apart by their servers. */
function isOfKind({ value }: OpaqueTool, { type, server_label }: JsonObject): boolean {
  const server = value['server_label']
  return value['type'] === type && (server_label ?? server) === server
}

function isEmpty({ tools, opaqueTools }: Offered): boolean {
  return tools.length + opaqueTools.length === 0
}

function declaredName(field: Field, { tools }: Offered): string {
  const name = field.at('name')
  const namespace = field.at('namespace').maybe(namespace => namespace.string())
  const wanted = flatName(namespace, name.name(maxToolNameLength))
  if (!tools.some(tool => tool.name === wanted)) name.fail(`${quoted(wanted)} is not declared in \`tools\``)
  return wanted
}

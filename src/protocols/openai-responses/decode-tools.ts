import type { OpaqueTool, Tool } from '../../core/request.ts'
import { defined, type Field, quoted, unknownFields } from '../json.ts'
import { decodeParameters } from '../openai-parameters.ts'
import { asExtras } from './extras.ts'
import { keepPlace } from './namespaces.ts'
import { customArgument, flatName } from './tool-names.ts'

/** The tools that a request offers: those that the client runs, and those that only a server of this protocol can. */
export interface Offered {
  readonly tools: readonly Tool[]
  readonly opaqueTools: readonly OpaqueTool[]
}

/**
 * Reads the tools. Custom tools become functions of one text, and those in a namespace functions with a longer name.
 * Two functions of one name are refused; a tool of any other type is kept as it is.
 */
export function decodeTools(field: Field): Offered {
  const tools: Tool[] = []
  const opaqueTools: OpaqueTool[] = []
  const names = new Set<string>()
  for (const item of field.items(maxTools)) {
    const read = decodeTool(item)
    if (!read) opaqueTools.push({ protocol: 'openai-responses', value: item.object() })
    for (const tool of read ?? []) {
      if (names.has(tool.name)) item.at('name').fail(`${quoted(tool.name)} is declared twice`)
      names.add(tool.name)
      tools.push(tool)
    }
  }
  return { tools, opaqueTools }
}

export const maxTools = 1024
export const maxToolNameLength = 256

function decodeTool(tool: Field): readonly Tool[] | undefined {
  tool.object()
  switch (tool.at('type').string()) {
    case 'function':
      return [decodeFunction(tool)]
    case 'custom':
      return [decodeCustom(tool)]
    case 'namespace':
      return decodeNamespace(tool)
    default:
      return undefined
  }
}

const functionFields: ReadonlySet<string> = new Set(['type', 'name', 'description', 'parameters', 'strict'])

function decodeFunction(tool: Field, namespace?: string): Tool {
  return {
    name: flatName(namespace, tool.at('name').name(maxToolNameLength)),
    inputSchema: decodeParameters(tool.at('parameters')),
    ...defined({
      description: tool.at('description').maybe(description => description.string()),
      isStrict: tool.at('strict').maybe(strict => strict.boolean()),
    }),
    ...asExtras(unknownFields(tool.object(), functionFields) ?? {}),
  }
}

/** A custom tool keeps itself, for an upstream that knows such tools. */
function decodeCustom(tool: Field, namespace?: string): Tool {
  const said = tool.at('description').maybe(description => description.string())
  const description = [said, ...grammarOf(tool.at('format'))].filter(text => text !== undefined).join('\n\n')
  return {
    name: flatName(namespace, tool.at('name').name(maxToolNameLength)),
    ...(description !== '' && { description }),
    inputSchema: {
      type: 'object',
      properties: { [customArgument]: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
      required: [customArgument],
      additionalProperties: false,
    },
    ...asExtras(tool.object()),
  }
}

function grammarOf(format: Field): readonly string[] {
  if (format.isAbsent || format.at('type').value !== 'grammar') return []
  const syntax = format.at('syntax').string()
  return [`The input must match this ${syntax} grammar:\n${format.at('definition').string()}`]
}

/** Each tool keeps itself and what its namespace says, for an upstream that knows namespaces. */
function decodeNamespace(tool: Field): readonly Tool[] {
  const name = tool.at('name').name(maxToolNameLength)
  const { tools: _, ...namespace } = tool.object()
  return tool
    .at('tools')
    .items(maxTools)
    .map(inner => {
      const own = inner.object()
      const isCustom = inner.at('type').oneOf(['function', 'custom']) === 'custom'
      const read = isCustom ? decodeCustom(inner, name) : decodeFunction(inner, name)
      return { ...read, ...keepPlace({ namespace, own }) }
    })
}

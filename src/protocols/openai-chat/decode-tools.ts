import type { ResponseFormat, Tool, ToolChoice } from '../../core/request.ts'
import { defined, type Field, quoted } from '../json.ts'
import { decodeParameters } from '../openai-parameters.ts'
import { asExtras, keptFields } from './extras.ts'

/** Reads the declared functions. Custom tools, whose input is free text, are refused. */
export function decodeTools(field: Field): readonly Tool[] {
  const names = new Set<string>()
  return field.items(maxTools).map(item => {
    item.object()
    requireFunction(item.at('type'))
    const tool = { ...decodeFunction(item.at('function')), ...asExtras({ fields: keptFields(item.object(), 'tool') }) }
    if (names.has(tool.name))
      item
        .at('function')
        .at('name')
        .fail(`${quoted(tool.name)} is declared twice`)
    names.add(tool.name)
    return tool
  })
}

/** Reads the choice and gives the tools that it leaves: a list of allowed tools removes the others. */
export function decodeToolChoice(root: Field, declared: readonly Tool[]): Chosen {
  const isParallel = root.at('parallel_tool_calls').maybe(field => field.boolean())
  const field = root.at('tool_choice')
  const chosen = field.maybe(field => decodeChoice(field, declared))
  const toolChoice = chosen?.toolChoice ?? (isParallel === undefined ? undefined : { type: 'auto' as const })
  const tools = chosen?.tools ?? declared
  if (!toolChoice) return { tools }
  if (tools.length === 0 && toolChoice.type === 'any') field.fail('a tool is required but `tools` has none')
  return { tools, toolChoice: { ...toolChoice, ...defined({ isParallel }) } }
}

export function decodeResponseFormat(field: Field): ResponseFormat {
  field.object()
  const type = field.at('type').oneOf(['text', 'json_object', 'json_schema'])
  if (type === 'text') return { type: 'text' }
  if (type === 'json_schema') return decodeJsonSchema(field.at('json_schema'))
  // llama.cpp lets a schema stand beside `json_object`.
  const schema = field.at('schema').maybe(schema => schema.object())
  return schema ? { type: 'json-schema', schema } : { type: 'json-object' }
}

/** Whatever calls a tool must call a function: the answer to a custom tool is not JSON, which no other protocol can say. */
export function requireFunction(type: Field): void {
  const kind = type.maybe(type => type.oneOf(['function', 'custom']))
  if (kind === 'custom') type.fail('custom tools are not supported; use a function with one string parameter')
}

export const maxToolNameLength = 256

export interface Chosen {
  readonly tools: readonly Tool[]
  readonly toolChoice?: ToolChoice
}

const maxTools = 1024

function decodeFunction(field: Field): Tool {
  field.object()
  return {
    name: field.at('name').name(maxToolNameLength),
    inputSchema: decodeParameters(field.at('parameters')),
    ...defined({
      description: field.at('description').maybe(description => description.string()),
      isStrict: field.at('strict').maybe(strict => strict.boolean()),
    }),
  }
}

function decodeChoice(field: Field, declared: readonly Tool[]): Chosen {
  if (typeof field.value === 'string') {
    const type = choices[field.oneOf(['none', 'auto', 'required'])]
    return { tools: declared, toolChoice: { type } }
  }
  field.object()
  const type = field.at('type').oneOf(['function', 'allowed_tools', 'custom'])
  if (type === 'allowed_tools') return decodeAllowed(field.at('allowed_tools'), declared)
  requireFunction(field.at('type'))
  return { tools: declared, toolChoice: { type: 'tool', name: declaredName(field, declared) } }
}

const choices = { none: 'none', auto: 'auto', required: 'any' } as const

function decodeAllowed(field: Field, declared: readonly Tool[]): Chosen {
  field.object()
  const type = choices[field.at('mode').oneOf(['auto', 'required'])]
  const allowed = field
    .at('tools')
    .items(maxTools)
    .map(item => {
      requireFunction(item.at('type'))
      return declaredName(item, declared)
    })
  return { tools: declared.filter(({ name }) => allowed.includes(name)), toolChoice: { type } }
}

function declaredName(field: Field, declared: readonly Tool[]): string {
  const name = field.at('function').at('name')
  const wanted = name.name(maxToolNameLength)
  if (!declared.some(tool => tool.name === wanted)) name.fail(`${quoted(wanted)} is not declared in \`tools\``)
  return wanted
}

function decodeJsonSchema(field: Field): ResponseFormat {
  field.object()
  return {
    type: 'json-schema',
    name: field.at('name').name(64),
    schema: field.at('schema').maybe(schema => schema.object()) ?? {},
    ...defined({
      description: field.at('description').maybe(description => description.string()),
      isStrict: field.at('strict').maybe(strict => strict.boolean()),
    }),
  }
}

import type { ContentBlock, ToolCallBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModelRequest, Tool } from '../../core/request.ts'
import { canonicalJson } from './first-spellings.ts'
import type { FirstSpellings } from './first-spellings.ts'

/** Spells each tool's schema with its keys in the order in which they first came. */
export function keepSchemaOrder(request: ModelRequest, spellings: FirstSpellings): ModelRequest {
  if (!request.tools) return request
  const tools = request.tools.map(tool => ({
    ...tool,
    inputSchema: spellings.first(`schema ${canonicalJson(tool.inputSchema)}`, tool.inputSchema),
  }))
  return { ...request, tools }
}

/** Puts tools that came before in another order into the order in which they first came. */
export function keepToolOrder(request: ModelRequest, spellings: FirstSpellings): ModelRequest {
  const { tools } = request
  if (!tools || tools.length < 2) return request
  const byName = new Map(tools.map(tool => [tool.name, tool]))
  // Which of two tools of one name comes first may mean something.
  if (byName.size !== tools.length) return request
  const names = tools.map(({ name }) => name)
  const order = spellings.first(`tools ${canonicalJson(names.toSorted())}`, names)
  return {
    ...request,
    tools: withLastMark(
      tools,
      order.flatMap(name => byName.get(name) ?? []),
    ),
  }
}

/* A breakpoint on the last tool means all of them, whichever that is. */
function withLastMark(before: readonly Tool[], after: readonly Tool[]): readonly Tool[] {
  const marked = before.at(-1)
  const last = after.at(-1)
  if (!marked?.cache || !last || last.name === marked.name) return after
  const { cache, ...bare } = marked
  return after.map(tool => {
    if (tool.name === marked.name) return bare
    return tool.name === last.name ? { ...tool, cache } : tool
  })
}

/** Spells the arguments of earlier tool calls with their keys in the order in which they first came. */
export function keepArgumentOrder(request: ModelRequest, spellings: FirstSpellings): ModelRequest {
  const respell = (block: ContentBlock): ContentBlock =>
    block.type === 'tool-call' ? respelled(block, spellings) : block
  return {
    ...request,
    messages: request.messages.map(message => ({ ...message, content: message.content.map(respell) })),
  }
}

function respelled(call: ToolCallBlock, spellings: FirstSpellings): ToolCallBlock {
  const canonical = canonicalObject(call.input)
  if (canonical === undefined) return call
  return { ...call, input: spellings.first(`call ${call.name} ${canonical}`, call.input) }
}

/* Arguments may be no JSON, or nested deeper than the stack is: they are left as they are. */
function canonicalObject(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // oxlint-disable-next-line no-unsafe-type-assertion -- what JSON.parse gives is JSON
    return isObject(value) ? canonicalJson(value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

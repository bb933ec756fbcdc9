import type { ContentBlock, DocumentBlock, MediaSource } from '../core/content.ts'
import { ModelError } from '../core/errors.ts'
import type { Extras, ProtocolId } from '../core/extras.ts'
import type { JsonObject } from '../core/json.ts'
import type { Loss } from '../core/loss.ts'
import type { Message, ModelRequest, Tool } from '../core/request.ts'
import { isJsonObject, objectIn } from '../protocols/json.ts'
import { homeboundFields, type Fields } from './homebound-fields.ts'
import type { Prepared } from './prepare.ts'

/**
 * Leaves of a request what the protocol of its target knows and what leads nobody elsewhere. What is left out is a loss;
 * what has to be fetched from elsewhere is refused with `invalid-request`.
 */
export function keepHome(request: ModelRequest, protocol: ProtocolId): Prepared {
  const keeper = new Keeper(protocol)
  const { opaqueTools, ...rest } = request
  const others = opaqueTools?.filter(tool => tool.protocol !== protocol || keeper.lose(`tools.${typeOf(tool.value)}`))
  const isNoneLeft = others?.length === 0 && (request.tools ?? []).length === 0
  if (isNoneLeft && request.toolChoice?.type === 'any') keeper.lose('toolChoice')
  const kept: ModelRequest = {
    ...keeper.within(rest, 'request', ''),
    ...(others && others.length > 0 && { opaqueTools: others }),
    system: request.system.map((block, at) => keeper.within(block, 'turn', `system.${at}`)),
    messages: request.messages.map((message, at) => keeper.message(message, `messages.${at}`)),
    ...(request.tools && { tools: request.tools.map((tool, at) => keeper.tool(tool, `tools.${at}`)) }),
  }
  return { request: kept, losses: keeper.losses }
}

const why = 'the request must stay on local machines, so nothing is told but what the protocol knows and leads nowhere'

/* Names of ours for places within a wire object. */
const marks: ReadonlySet<string> = new Set(['fields', 'message'])

class Keeper {
  readonly losses: Loss[] = []
  readonly #protocol: ProtocolId

  constructor(protocol: ProtocolId) {
    this.#protocol = protocol
  }

  /** Notes that something is left out; gives false, as a filter wants it. */
  lose(field: string): false {
    this.losses.push({ field, action: 'dropped', why })
    return false
  }

  tool(tool: Tool, place: string): Tool {
    // A tool with a type of its own has all that it is among its fields, and is told as a function instead.
    if (tool.extras?.[this.#protocol]?.['type'] === undefined) return this.within(tool, 'tool', place)
    const { extras: _, ...plain } = tool
    return plain
  }

  message(message: Message, place: string): Message {
    const content = this.#blocks(message.content, `${place}.content`)
    return { ...this.within(message, 'turn', place), content }
  }

  /** Gives the holder with those of its kept fields that may go on. */
  within<Holder extends { readonly extras?: Extras }>(
    holder: Holder,
    level: 'request' | 'tool' | 'turn',
    place: string,
  ): Holder {
    const own = holder.extras?.[this.#protocol]
    if (!own) return holder
    const kept = this.#pick(own, homeboundFields[this.#protocol][level], place)
    return { ...holder, extras: { ...holder.extras, [this.#protocol]: kept } }
  }

  #pick(own: JsonObject, fields: Fields, place: string): JsonObject {
    const kept = Object.entries(own).flatMap(([name, value]) => {
      const path = marks.has(name) ? place : [place, name].filter(step => step !== '').join('.')
      const known = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (known === 'whole') return [[name, value] as const]
      if (known === 'retold') return []
      if (known && isJsonObject(value)) return [[name, this.#pick(value, known, path)] as const]
      this.lose(path)
      return []
    })
    return Object.fromEntries(kept)
  }

  #blocks<Block extends ContentBlock>(blocks: readonly Block[], place: string): readonly Block[] {
    return blocks.flatMap((block, at) => {
      const inner = `${place}.${at}`
      return this.#isKnown(block, inner) ? [this.#block(block, inner)] : []
    })
  }

  #isKnown(block: ContentBlock, place: string): boolean {
    if (block.type !== 'opaque' || block.protocol !== this.#protocol || isSound(block.value)) return true
    return this.lose(`${place}.${typeOf(block.value)}`)
  }

  #block<Block extends ContentBlock>(block: Block, place: string): Block {
    const kept = this.within(block, 'turn', place)
    switch (kept.type) {
      case 'image':
        refuseElsewhere(kept.source, place, 'an image')
        return kept
      case 'document':
        return { ...kept, source: this.#source(kept.source, place) }
      case 'search-result':
      case 'tool-result':
        return { ...kept, content: this.#blocks<ContentBlock>(kept.content, `${place}.content`) }
      case 'opaque':
        return isSound(kept.value) ? { ...kept, value: soundOf(kept.value) } : kept
      case 'text':
      case 'tool-call':
      case 'thinking':
      case 'redacted-thinking':
        return kept
    }
  }

  #source(source: DocumentBlock['source'], place: string): DocumentBlock['source'] {
    switch (source.type) {
      case 'blocks':
        return { ...source, blocks: this.#blocks(source.blocks, `${place}.source`) }
      case 'text':
        return source
      case 'base64':
      case 'url':
      case 'file':
        refuseElsewhere(source, place, 'a document')
        return source
    }
  }
}

/* Some gateways take an address for the id of a file. */
function refuseElsewhere(source: MediaSource, place: string, what: string): void {
  if (source.type === 'base64' || (source.type === 'file' && !source.fileId.includes('://'))) return
  const problem = `${what} is given by its address, which would have to be fetched, and the request must stay on local machines`
  throw new ModelError('invalid-request', `${place}: ${problem}; send its bytes as base64`, {
    code: 'unsupported-value',
  })
}

/* Of what has no neutral form, only Chat's sound is all there: its bytes are no address. */
function isSound(value: JsonObject): boolean {
  const { data } = objectIn(value['input_audio']) ?? {}
  return value['type'] === 'input_audio' && typeof data === 'string' && !data.includes(':')
}

function soundOf(value: JsonObject): JsonObject {
  const { data = '', format = '' } = objectIn(value['input_audio']) ?? {}
  return { type: 'input_audio', input_audio: { data, format } }
}

function typeOf({ type }: JsonObject): string {
  return typeof type === 'string' ? type : 'unknown'
}

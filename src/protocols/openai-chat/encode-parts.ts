import type {
  ContentBlock,
  DocumentBlock,
  ImageBlock,
  OpaqueBlock,
  SearchResultBlock,
  TextBlock,
} from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { formatDataUrl } from '../data-url.ts'
import { defined } from '../json.ts'
import type { Compat } from '../protocol.ts'
import { ownExtras, ownFields } from './extras.ts'
import { noCacheMarks, type Report } from './losses.ts'
import type { ContentPart, FilePart, TextPart } from './wire.ts'

/** A part of a message; an opaque block of this protocol is written as it came. */
export type Part = ContentPart | JsonObject

/** Where a block stands, for naming what is lost of it. */
export interface Place {
  readonly field: string
  readonly report: Report
  readonly compat: Compat
}

/** Writes a block as the parts that say the same, or reports that there are none. */
export function encodePart(block: ContentBlock, place: Place): readonly Part[] {
  switch (block.type) {
    case 'text':
      return [encodeText(block, place)]
    case 'image':
      return encodeImage(block, place)
    case 'document':
      return encodeDocument(block, place)
    case 'search-result':
      return [encodeSearchResult(block, place)]
    case 'opaque':
      return block.protocol === 'openai-chat' ? [block.value] : drop(place, `only ${block.protocol} understands it`)
    case 'redacted-thinking':
      return drop(place, 'only its maker can read hidden reasoning')
    case 'thinking':
    case 'tool-call':
    case 'tool-result':
      return drop(place, `a ${block.type} block cannot stand in a turn of this role`)
  }
}

export function encodeText(block: TextBlock, place: Place): TextPart {
  return { ...kept(block, place), type: 'text', text: block.text }
}

function drop({ field, report }: Place, why: string): readonly Part[] {
  report(field, 'dropped', why)
  return []
}

/** Writes the fields that were kept. A mark of another protocol would be refused by most servers. */
function kept(block: Exclude<ContentBlock, OpaqueBlock>, { field, report, compat }: Place): JsonObject {
  const fields = ownFields(block)
  const isMarked = 'prompt_cache_breakpoint' in fields || 'cache_control' in fields
  if (!block.cache || isMarked) return fields
  if (compat.cacheMarks === 'cache_control') return { ...fields, cache_control: { type: 'ephemeral', ...block.cache } }
  report(`${field}.cache`, 'dropped', noCacheMarks)
  return fields
}

function encodeImage(block: ImageBlock, place: Place): readonly Part[] {
  const { source } = block
  if (source.type === 'file') return drop(place, 'Chat takes no images by file id')
  const url = source.type === 'url' ? source.url : formatDataUrl(source)
  const detail = ownExtras(block)['detail'] === 'original' ? 'original' : block.detail
  return [{ ...kept(block, place), type: 'image_url', image_url: { url, ...defined({ detail }) } }]
}

function encodeDocument(block: DocumentBlock, place: Place): readonly Part[] {
  const { source } = block
  const fields = kept(block, place)
  if (block.citations === true) place.report(`${place.field}.citations`, 'dropped', 'Chat answers cite nothing')
  if (source.type === 'base64') {
    const file = { filename: block.title ?? 'document', file_data: formatDataUrl(source) }
    return withContext(block, { ...fields, type: 'file', file }, place)
  }
  if (source.type === 'file') {
    const file = { file_id: source.fileId, ...defined({ filename: block.title }) }
    return withContext(block, { ...fields, type: 'file', file }, place)
  }
  if (source.type === 'url') {
    place.report(place.field, 'degraded', 'Chat takes no documents by address; the model is told only the address')
    return [heading(block, source.url)]
  }
  place.report(place.field, 'emulated', 'Chat has no text documents; it is written as plain text under its title')
  if (source.type === 'text') return [heading(block, source.text)]
  return [heading(block), ...source.blocks.flatMap(inner => encodePart(inner, place))]
}

function withContext(block: DocumentBlock, part: FilePart, place: Place): readonly Part[] {
  if (block.context === undefined) return [part]
  place.report(`${place.field}.context`, 'emulated', 'what is said about a document is written before it')
  return [{ type: 'text', text: block.context }, part]
}

function heading({ title, context }: DocumentBlock, body?: string): TextPart {
  const lines = [`Document: ${title ?? 'untitled'}`, context, body].filter(line => line !== undefined)
  return { type: 'text', text: lines.join('\n\n') }
}

function encodeSearchResult(block: SearchResultBlock, place: Place): TextPart {
  const fields = kept(block, place)
  place.report(place.field, 'emulated', 'Chat has no search results; it is written as plain text under its source')
  const body = block.content.map(({ text }) => text).join('\n\n')
  return {
    ...fields,
    type: 'text',
    text: `Search result: ${block.title} (${block.source})\n\n${body}`,
  }
}

import type { ContentBlock, DocumentBlock, ImageBlock, SearchResultBlock, TextBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { formatDataUrl } from '../data-url.ts'
import { defined } from '../json.ts'
import { ownExtras } from './extras.ts'
import { noCacheMarks, type Place, within } from './losses.ts'
import type { InputFile, InputImage, InputPart, InputText } from './wire.ts'

/** A part of a message or of a tool's result; an opaque block of this protocol is written as it came. */
export type Part = InputPart | JsonObject

/** Writes a block as the parts that say the same, or reports that there are none. */
export function encodePart(block: ContentBlock, place: Place): readonly Part[] {
  noteCache(block, place)
  switch (block.type) {
    case 'text':
      return [encodeText(block)]
    case 'image':
      return [encodeImage(block)]
    case 'document':
      return encodeDocument(block, place)
    case 'search-result':
      return [encodeSearchResult(block, place)]
    case 'opaque':
      return block.protocol === 'openai-responses'
        ? [block.value]
        : drop(place, `only ${block.protocol} understands it`)
    case 'thinking':
    case 'redacted-thinking':
    case 'tool-call':
    case 'tool-result':
      return drop(place, `a ${block.type} block cannot stand in a turn of this role`)
  }
}

export function encodeText(block: TextBlock): InputText {
  return { ...ownExtras(block), type: 'input_text', text: block.text }
}

function noteCache(block: ContentBlock, { field, report }: Place): void {
  if (block.cache && !('prompt_cache_breakpoint' in ownExtras(block))) report(`${field}.cache`, 'dropped', noCacheMarks)
}

/** Notes that a block is left out. */
export function drop({ field, report }: Place, why: string): readonly [] {
  report(field, 'dropped', why)
  return []
}

function encodeImage(block: ImageBlock): InputImage {
  const { source, detail = 'auto' } = block
  const common = { detail, ...ownExtras(block), type: 'input_image' } as const
  switch (source.type) {
    case 'base64':
      return { ...common, image_url: formatDataUrl(source) }
    case 'url':
      return { ...common, image_url: source.url }
    case 'file':
      return { ...common, file_id: source.fileId }
  }
}

function encodeDocument(block: DocumentBlock, place: Place): readonly Part[] {
  const { source, title, context, citations } = block
  if (citations === true) place.report(`${place.field}.citations`, 'dropped', 'Responses cannot ask for citations')
  switch (source.type) {
    case 'base64':
      return told(context, fileOf(block, { filename: title ?? 'document', file_data: formatDataUrl(source) }), place)
    case 'url':
      return told(context, fileOf(block, { file_url: source.url }), place)
    case 'file':
      return told(context, fileOf(block, { file_id: source.fileId }), place)
    case 'text':
      return [heading(block, place, source.text)]
    case 'blocks':
      return [
        heading(block, place),
        ...source.blocks.flatMap((inner, index) => encodePart(inner, within(place, 'source', 'blocks', index))),
      ]
  }
}

function fileOf(block: DocumentBlock, fields: Omit<InputFile, 'type'>): InputFile {
  return { ...ownExtras(block), type: 'input_file', ...fields }
}

/** Writes what is said about a document before it. */
function told(context: string | undefined, file: InputFile, place: Place): readonly InputPart[] {
  if (context === undefined) return [file]
  place.report(`${place.field}.context`, 'emulated', 'what is said about a document is written before it')
  return [{ type: 'input_text', text: context }, file]
}

function heading(block: DocumentBlock, place: Place, body?: string): InputText {
  const why = 'Responses has no text documents; it is written as plain text under its title'
  place.report(place.field, 'emulated', why)
  const { title, context } = block
  const lines = [`Document: ${title ?? 'untitled'}`, ...Object.values(defined({ context, body }))]
  return { ...ownExtras(block), type: 'input_text', text: lines.join('\n\n') }
}

function encodeSearchResult(block: SearchResultBlock, place: Place): InputText {
  const why = 'Responses has no search results; it is written as plain text under its source'
  place.report(place.field, 'emulated', why)
  const body = block.content.map(({ text }) => text).join('\n\n')
  return { type: 'input_text', text: `Search result: ${block.title} (${block.source})\n\n${body}` }
}

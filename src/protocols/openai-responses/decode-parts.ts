import type {
  CacheBreakpoint,
  DocumentBlock,
  ImageBlock,
  MediaSource,
  TextBlock,
  ToolResultContent,
} from '../../core/content.ts'
import type { Extras } from '../../core/extras.ts'
import { defined, type Field, unknownFields } from '../json.ts'
import { decodeAddress, decodeFileData, decodeImageUrl } from '../openai-media.ts'
import { asExtras } from './extras.ts'

/** Reads what a user says, or a tool gives: text, or parts. */
export function decodeParts(field: Field): readonly ToolResultContent[] {
  if (typeof field.value === 'string') return [{ type: 'text', text: field.value }]
  return partsOf(field).map(decodePart)
}

/** Reads content that may only be text. */
export function decodeTexts(field: Field): readonly TextBlock[] {
  if (typeof field.value === 'string') return [{ type: 'text', text: field.value }]
  return partsOf(field).map(part => {
    part.at('type').oneOf(['input_text', 'output_text'])
    return decodeText(part)
  })
}

/** Reads what a model said, or the words with which it refused, marked as such. `phase` is the whole message's. */
export function decodeSaid(field: Field, phase: string | undefined): readonly TextBlock[] {
  if (typeof field.value === 'string') return [{ type: 'text', text: field.value, ...asExtras(defined({ phase })) }]
  return partsOf(field).map(part => {
    const isRefusal = part.at('type').oneOf(['output_text', 'refusal', 'input_text']) === 'refusal'
    const text = part.at(isRefusal ? 'refusal' : 'text').string()
    return { type: 'text', text, ...asExtras(defined({ refusal: isRefusal ? true : undefined, phase })) }
  })
}

const maxParts = 10_000
const maxIdLength = 1024

function partsOf(field: Field): readonly Field[] {
  if (!Array.isArray(field.value) && !field.isAbsent)
    return field.fail('must be a string or an array of parts', 'wrong-type')
  const items = field.items(maxParts)
  for (const item of items) item.object()
  return items
}

function decodePart(part: Field): ToolResultContent {
  const type = part.at('type').oneOf(['input_text', 'input_image', 'input_file', 'output_text'])
  switch (type) {
    case 'input_text':
    case 'output_text':
      return decodeText(part)
    case 'input_image':
      return decodeImage(part)
    case 'input_file':
      return decodeFile(part)
  }
}

const textFields: ReadonlySet<string> = new Set(['type', 'text', 'annotations', 'logprobs'])

function decodeText(part: Field): TextBlock {
  return { type: 'text', text: part.at('text').string(), ...decodeKept(part, textFields) }
}

const imageFields: ReadonlySet<string> = new Set(['type', 'image_url', 'file_id', 'detail'])

function decodeImage(part: Field): ImageBlock {
  const source = part.at('image_url').maybe(decodeImageUrl) ?? decodeFileId(part, 'image_url')
  const detail = part.at('detail').maybe(detail => detail.oneOf(['auto', 'low', 'high', 'original']))
  // "original" is a size that no one else can ask for.
  if (detail === 'original') return { type: 'image', source, ...decodeKept(part, imageFields, { detail }) }
  return { type: 'image', source, ...defined({ detail }), ...decodeKept(part, imageFields) }
}

const fileFields: ReadonlySet<string> = new Set(['type', 'filename', 'file_data', 'file_url', 'file_id'])

function decodeFile(part: Field): DocumentBlock {
  const title = part.at('filename').maybe(name => name.string())
  return { type: 'document', source: decodeFileSource(part), ...defined({ title }), ...decodeKept(part, fileFields) }
}

function decodeFileSource(part: Field): MediaSource {
  const url = part.at('file_url').maybe(url => decodeAddress(url))
  if (url !== undefined) return { type: 'url', url }
  return part.at('file_data').maybe(decodeFileData) ?? decodeFileId(part, 'file_data')
}

function decodeFileId(part: Field, other: string): MediaSource {
  const fileId = part.at('file_id').maybe(id => id.name(maxIdLength))
  return fileId === undefined
    ? part.fail(`needs \`${other}\` or \`file_id\``, 'missing-field')
    : { type: 'file', fileId }
}

interface Kept {
  readonly cache?: CacheBreakpoint
  readonly extras?: Extras
}

/** Keeps the fields of a part that have no neutral place. One of them asks for the cache, for a time that is nobody else's. */
function decodeKept(part: Field, placed: ReadonlySet<string>, marks: { readonly detail?: string } = {}): Kept {
  const kept = unknownFields(part.object(), placed) ?? {}
  const isMarked = part.at('prompt_cache_breakpoint').maybe(mark => mark.object()) !== undefined
  return { ...(isMarked && { cache: {} }), ...asExtras({ ...kept, ...marks }) }
}

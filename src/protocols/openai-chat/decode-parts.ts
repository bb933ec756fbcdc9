import type {
  CacheBreakpoint,
  DocumentBlock,
  ImageBlock,
  MediaSource,
  OpaqueBlock,
  TextBlock,
  ToolResultContent,
} from '../../core/content.ts'
import type { Extras } from '../../core/extras.ts'
import { defined, type Field } from '../json.ts'
import { decodeFileData, decodeImageUrl } from '../openai-media.ts'
import { asExtras, keptFields } from './extras.ts'

/** Reads content of any kind: a user's, or a tool's, which may have whatever a user's has. */
export function decodeParts(field: Field): readonly ToolResultContent[] {
  if (typeof field.value === 'string') return [{ type: 'text', text: field.value }]
  return parts(field).map(decodePart)
}

/** Reads content that may only be text. */
export function decodeText(field: Field): readonly TextBlock[] {
  if (typeof field.value === 'string') return [{ type: 'text', text: field.value }]
  return parts(field).map(part => {
    part.at('type').oneOf(['text'])
    return decodeTextPart(part)
  })
}

/** Reads content that a model wrote: text, or the words with which it refused, marked as such. */
export function decodeWritten(field: Field): readonly TextBlock[] {
  if (typeof field.value === 'string') return [{ type: 'text', text: field.value }]
  return parts(field).map(part => {
    if (part.at('type').oneOf(['text', 'refusal']) === 'text') return decodeTextPart(part)
    return { type: 'text', text: part.at('refusal').string(), ...asExtras({ refusal: 'part' }) }
  })
}

const maxParts = 10_000

function parts(field: Field): readonly Field[] {
  if (!Array.isArray(field.value) && !field.isAbsent) return wrongContent(field)
  const items = field.items(maxParts)
  if (items.length === 0) field.fail('must have at least one part')
  for (const item of items) item.object()
  return items
}

function wrongContent(field: Field): never {
  return field.fail('must be a string or an array of parts', 'wrong-type')
}

function decodePart(part: Field): ToolResultContent {
  const type = part.at('type').oneOf(['text', 'image_url', 'input_audio', 'file'])
  switch (type) {
    case 'text':
      return decodeTextPart(part)
    case 'image_url':
      return decodeImage(part)
    case 'input_audio':
      return decodeAudio(part)
    case 'file':
      return decodeFile(part)
  }
}

function decodeTextPart(part: Field): TextBlock {
  return { type: 'text', text: part.at('text').string(), ...decodeKept(part, 'text_part') }
}

function decodeImage(part: Field): ImageBlock {
  const image = part.at('image_url')
  image.object()
  const detail = image.at('detail').maybe(detail => detail.oneOf(['auto', 'low', 'high', 'original']))
  const source = decodeImageUrl(image.at('url'))
  // "original" is a size that no one else can ask for.
  if (detail === 'original') return { type: 'image', source, ...decodeKept(part, 'image_part', detail) }
  return { type: 'image', source, ...defined({ detail }), ...decodeKept(part, 'image_part') }
}

/** Sound has no neutral form: it goes on only to a backend that speaks this protocol. */
function decodeAudio(part: Field): OpaqueBlock {
  const audio = part.at('input_audio')
  audio.object()
  audio.at('data').string()
  audio.at('format').name(16)
  return { type: 'opaque', protocol: 'openai-chat', value: part.object() }
}

function decodeFile(part: Field): DocumentBlock {
  const file = part.at('file')
  file.object()
  const title = file.at('filename').maybe(name => name.string())
  return { type: 'document', source: decodeFileSource(file), ...defined({ title }), ...decodeKept(part, 'file_part') }
}

function decodeFileSource(file: Field): MediaSource {
  const fileId = file.at('file_id').maybe(id => id.name(1024))
  const field = file.at('file_data')
  if (field.isAbsent) return fileId === undefined ? needsFile(file) : { type: 'file', fileId }
  if (fileId !== undefined) file.fail('must have either `file_data` or `file_id`, not both')
  return decodeFileData(field)
}

function needsFile(file: Field): never {
  return file.fail('needs `file_data` or `file_id`', 'missing-field')
}

/**
 * Keeps the fields of a part that have no neutral place. Two of them ask for the cache: OpenAI's own, whose lifetimes
 * are nobody else's, and `cache_control`, by which gateways let Anthropic's be said.
 */
function decodeKept(
  part: Field,
  group: 'text_part' | 'image_part' | 'file_part',
  detail?: string,
): { readonly cache?: CacheBreakpoint; readonly extras?: Extras } {
  const own = part.at('prompt_cache_breakpoint').maybe(mark => mark.object())
  const foreign = part.at('cache_control').maybe(mark => mark.object())
  const ttl = foreign?.['ttl']
  const lifetime: CacheBreakpoint = ttl === '5m' || ttl === '1h' ? { ttl } : {}
  return {
    ...((own ?? foreign) && { cache: lifetime }),
    ...asExtras({ fields: keptFields(part.object(), group), detail }),
  }
}

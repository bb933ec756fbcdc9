import type {
  CacheBreakpoint,
  ContentBlock,
  DocumentBlock,
  ImageBlock,
  OpaqueBlock,
  SearchResultBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
  ToolResultContent,
} from '../../core/content.ts'
import type { Message } from '../../core/request.ts'
import { defined, type Field, quoted } from '../json.ts'
import { asExtras, keptFields, type WireGroup } from './extras.ts'
import { decodeToolInput } from './tool-input.ts'
import { opaqueBlockTypes, opaqueResultTypes } from './wire.ts'

/** Where a block stands, as far as it decides what is allowed. */
export interface Place {
  readonly role: Message['role']
  readonly isStrict: boolean
}

type Reader<T extends ContentBlock> = (block: Field, place: Place) => T

const maxBlocks = 100_000
const maxNameLength = 256

/** Reads text or blocks as blocks. */
export function decodeContent(content: Field, place: Place): readonly ContentBlock[] {
  return readBlocks(content, place, blockReaders)
}

/** Reads text or text blocks. */
export function decodeTexts(content: Field, place: Place): readonly TextBlock[] {
  return readBlocks(content, place, { text: decodeText })
}

function readBlocks<T extends ContentBlock>(
  content: Field,
  place: Place,
  readers: Readonly<Record<string, Reader<T>>>,
): readonly (T | TextBlock)[] {
  if (typeof content.value === 'string') return [{ type: 'text', text: content.value }]
  return content.items(maxBlocks).map(block => {
    block.object()
    const type = block.at('type').string()
    const read = Object.hasOwn(readers, type) ? readers[type] : undefined
    if (!read) return block.fail(`${quoted(type)} is not a block that can stand here; ${known(readers)}`)
    return read(block, place)
  })
}

function known(readers: object): string {
  return `use one of ${Object.keys(readers).join(', ')}`
}

function decodeText(block: Field, { role, isStrict }: Place): TextBlock {
  const citations = block.at('citations')
  if (isStrict && role === 'user' && Array.isArray(citations.value) && citations.value.length > 0) {
    return citations.fail('only the assistant may cite in this API version; leave this field out')
  }
  return { type: 'text', text: block.at('text').string(), ...decodeBase(block, 'text') }
}

const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const

function decodeImage(block: Field): ImageBlock {
  const source = block.at('source')
  source.object()
  const type = source.at('type').oneOf(['base64', 'url', 'file'])
  return { type: 'image', source: mediaReaders[type](source, imageTypes), ...decodeBase(block, 'image') }
}

const mediaReaders = {
  base64: (source: Field, mediaTypes: readonly string[]) => ({
    type: 'base64' as const,
    mediaType: source.at('media_type').oneOf(mediaTypes),
    data: source.at('data').string(),
  }),
  url: (source: Field) => ({ type: 'url' as const, url: source.at('url').name(maxUrlLength) }),
  file: (source: Field) => ({ type: 'file' as const, fileId: source.at('file_id').name(maxNameLength) }),
}

const maxUrlLength = 65_536

function decodeDocument(block: Field, place: Place): DocumentBlock {
  if (place.isStrict && place.role === 'assistant') {
    return block.fail('the assistant may not give documents in this API version; move it to a user turn')
  }
  return {
    type: 'document',
    source: decodeDocumentSource(block.at('source'), place),
    ...defined({
      title: block.at('title').maybe(title => title.string()),
      context: block.at('context').maybe(context => context.string()),
      citations: decodeCitationsSwitch(block),
    }),
    ...decodeBase(block, 'document'),
  }
}

function decodeDocumentSource(source: Field, place: Place): DocumentBlock['source'] {
  source.object()
  const type = source.at('type').oneOf(['base64', 'text', 'content', 'url', 'file'])
  switch (type) {
    case 'text':
      source.at('media_type').maybe(mediaType => mediaType.oneOf(['text/plain']))
      return { type, text: source.at('data').string() }
    case 'content':
      return {
        type: 'blocks',
        blocks: readBlocks<TextBlock | ImageBlock>(source.at('content'), place, {
          text: decodeText,
          image: decodeImage,
        }),
      }
    case 'base64':
    case 'url':
    case 'file':
      return mediaReaders[type](source, ['application/pdf'])
  }
}

function decodeCitationsSwitch(block: Field): boolean | undefined {
  return block.at('citations').maybe(citations => {
    citations.object()
    return citations.at('enabled').maybe(enabled => enabled.boolean())
  })
}

function decodeSearchResult(block: Field, place: Place): SearchResultBlock {
  return {
    type: 'search-result',
    source: block.at('source').string(),
    title: block.at('title').string(),
    content: decodeTexts(block.at('content'), place),
    ...defined({ citations: decodeCitationsSwitch(block) }),
    ...decodeBase(block, 'search_result'),
  }
}

function decodeThinking(block: Field, { role }: Place): ContentBlock {
  assistantOnly(block, role)
  // Reasoning that nobody signed comes back from clients with an empty signature.
  const signature = block.at('signature').maybe(signature => signature.string())
  return {
    type: 'thinking',
    text: block.at('thinking').string(),
    ...(signature !== undefined && signature !== '' && { signature }),
    ...decodeBase(block, 'thinking'),
  }
}

function decodeRedactedThinking(block: Field, { role }: Place): ContentBlock {
  assistantOnly(block, role)
  return { type: 'redacted-thinking', data: block.at('data').string(), ...decodeBase(block, 'redacted_thinking') }
}

function decodeToolUse(block: Field, { role }: Place): ToolCallBlock {
  assistantOnly(block, role)
  const id = block.at('id').name(maxNameLength)
  const name = block.at('name').name(maxNameLength)
  return { type: 'tool-call', id, name, input: decodeInput(block.at('input')), ...decodeBase(block, 'tool_use') }
}

function decodeInput(input: Field): string {
  const wire = input.object()
  try {
    return decodeToolInput(wire)
  } catch {
    // What `JSON.parse` can read may be too deep for `JSON.stringify`.
    return input.fail('is nested too deeply')
  }
}

function assistantOnly(block: Field, role: Message['role']): void {
  if (role !== 'assistant') block.fail(`only the assistant's turns have ${String(block.at('type').value)} blocks`)
}

function decodeToolResult(block: Field, place: Place): ToolResultBlock {
  if (place.role !== 'user') block.fail("only the user's turns have tool_result blocks")
  const content = block.at('content')
  return {
    type: 'tool-result',
    callId: block.at('tool_use_id').name(maxNameLength),
    content: content.maybe(content => readBlocks(content, place, resultReaders)) ?? [],
    ...defined({ isError: block.at('is_error').maybe(isError => isError.boolean()) }),
    ...decodeBase(block, 'tool_result'),
  }
}

function decodeOpaque(block: Field): OpaqueBlock {
  return { type: 'opaque', protocol: 'anthropic-messages', value: block.object() }
}

/** What every block may have: a cache breakpoint, and fields that are this protocol's own. */
function decodeBase(block: Field, group: WireGroup): Pick<ContentBlock, 'cache' | 'extras'> {
  return { ...decodeCache(block), ...asExtras(keptFields(block.object(), group)) }
}

/** Reads the cache breakpoint of a block, a tool or a request. */
export function decodeCache(holder: Field): { readonly cache?: CacheBreakpoint } {
  const cache = holder.at('cache_control').maybe(control => {
    control.object()
    control.at('type').oneOf(['ephemeral'])
    return defined({ ttl: control.at('ttl').maybe(ttl => ttl.oneOf(['5m', '1h'])) })
  })
  return cache ? { cache } : {}
}

const sharedReaders = {
  text: decodeText,
  image: decodeImage,
  document: decodeDocument,
  search_result: decodeSearchResult,
}

const resultReaders: Readonly<Record<string, Reader<ToolResultContent>>> = {
  ...sharedReaders,
  ...Object.fromEntries(opaqueResultTypes.map(type => [type, decodeOpaque])),
}

const blockReaders: Readonly<Record<string, Reader<ContentBlock>>> = {
  ...sharedReaders,
  thinking: decodeThinking,
  redacted_thinking: decodeRedactedThinking,
  tool_use: decodeToolUse,
  tool_result: decodeToolResult,
  ...Object.fromEntries(opaqueBlockTypes.map(type => [type, decodeOpaque])),
}

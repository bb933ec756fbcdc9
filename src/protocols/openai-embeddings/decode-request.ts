import type { EmbedRequest } from '../../core/backend.ts'
import { defined, Field } from '../json.ts'

/** How the numbers of a vector are written: one by one, or as the base64 of 32-bit floats, the lowest byte first. */
export type VectorEncoding = 'float' | 'base64'

/** A wish for embeddings as the client asked for it. */
export interface DecodedEmbedRequest {
  readonly request: EmbedRequest
  readonly encoding: VectorEncoding
}

const maxNameLength = 256

/* OpenAI's own limit. */
const maxTexts = 2048

/* Far more than any context holds; reading more than this would only take time. */
const maxTextLength = 262_144

const maxDimensions = 65_536

/** Reads a body that asks for embeddings. Throws `invalid-request` for the first thing that is wrong with it. */
export function decodeRequest(body: unknown): DecodedEmbedRequest {
  const root = new Field(body)
  root.object()
  const model = root.at('model').name(maxNameLength)
  const texts = decodeInput(root.at('input'))
  const dimensions = root.at('dimensions').maybe(field => field.integer({ min: 1, max: maxDimensions }))
  const encoding = root.at('encoding_format').maybe(field => field.oneOf(['float', 'base64'])) ?? 'float'
  root.at('user').maybe(field => field.name(1024))
  return { request: { model, texts, ...defined({ dimensions }) }, encoding }
}

function decodeInput(field: Field): readonly string[] {
  if (!Array.isArray(field.value)) return [decodeText(field)]
  const items = field.items(maxTexts)
  if (items.length === 0) field.fail('must hold at least one text')
  return items.map(decodeText)
}

function decodeText(field: Field): string {
  if (typeof field.value === 'number' || Array.isArray(field.value)) {
    field.fail('tokens are not taken, since those of one model mean nothing to another; send text')
  }
  return field.name(maxTextLength)
}

import type { RerankRequest } from '../../core/backend.ts'
import { Field, isJsonObject } from '../json.ts'

/** A wish for a ranking as the client asked for it. */
export interface DecodedRerankRequest {
  readonly request: RerankRequest
  /** The most results that are told. */
  readonly most: number
  /** Whether each result repeats its document. */
  readonly returnsDocuments: boolean
}

const maxNameLength = 256
const maxDocuments = 1024

/* Far more than any context holds; reading more than this would only take time. */
const maxTextLength = 262_144

/** Reads a body that asks for a ranking. Throws `invalid-request` for the first thing that is wrong with it. */
export function decodeRequest(body: unknown): DecodedRerankRequest {
  const root = new Field(body)
  root.object()
  const model = root.at('model').name(maxNameLength)
  const query = root.at('query').name(maxTextLength)
  const documents = decodeDocuments(root.at('documents'))
  const most = root.at('top_n').maybe(field => field.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
  const returnsDocuments = root.at('return_documents').maybe(field => field.boolean()) ?? false
  return { request: { model, query, documents }, most: most ?? documents.length, returnsDocuments }
}

function decodeDocuments(field: Field): readonly string[] {
  const items = field.items(maxDocuments)
  if (items.length === 0) field.fail('must hold at least one document')
  return items.map(item => (isJsonObject(item.value) ? item.at('text') : item).name(maxTextLength))
}

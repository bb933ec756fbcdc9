import { decodeRequest } from './decode-request.ts'
import { encodeEmbeddings } from './encode-embeddings.ts'

/** OpenAI's Embeddings, as a server reads and writes them. */
export const openaiEmbeddings = { decodeRequest, encodeEmbeddings } as const

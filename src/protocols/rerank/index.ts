import { decodeRequest } from './decode-request.ts'
import { encodeRanking } from './encode-ranking.ts'

/** Rankings, as the clients of Jina and Cohere and several model servers speak of them. Failures are told as OpenAI does. */
export const rerank = { decodeRequest, encodeRanking } as const

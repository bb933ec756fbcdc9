import type { Ranking } from '../../core/backend.ts'
import type { JsonObject } from '../../core/json.ts'
import type { DecodedRerankRequest } from './decode-request.ts'

/** Writes a ranking, the best document first; of two with one score, the one that was sent first. */
export function encodeRanking(
  { scores, inputTokens }: Ranking,
  { request, most, returnsDocuments }: DecodedRerankRequest,
): JsonObject {
  const results = scores
    .map((score, index) => ({ index, relevance_score: score }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, most)
  const { model, documents } = request
  return {
    object: 'list',
    model,
    results: returnsDocuments
      ? results.map(result => ({ ...result, document: { text: documents[result.index] ?? '' } }))
      : results,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  }
}

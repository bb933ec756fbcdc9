import type { Embeddings, EmbedRequest } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import { arrayIn, countIn, defined, objectIn } from '../protocols/json.ts'
import { maxBytes } from './limits.ts'
import type { Upstream } from './upstream.ts'

/** Asks a provider for the vectors of texts, as OpenAI's API gives them. */
export async function embed(
  { upstream, path }: { readonly upstream: Upstream; readonly path: string },
  { model, texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<Embeddings> {
  await upstream.admit(model, signal)
  const body = JSON.stringify({ model, input: texts, encoding_format: 'float', ...defined({ dimensions }) })
  const question = { url: upstream.url(path), headers: {}, body, limit: maxBytes.answer }
  return readEmbeddings(await upstream.askLong(question, signal), texts.length)
}

function readEmbeddings(body: Json, count: number): Embeddings {
  const data = arrayIn(objectIn(body)?.['data']) ?? []
  if (data.length !== count) throw broken(`${data.length} vectors for ${count} texts`)
  const byIndex = new Map(data.map((item, at) => [countIn(objectIn(item)?.['index']) ?? at, item]))
  const vectors = Array.from({ length: count }, (_, at) => readVector(objectIn(byIndex.get(at))?.['embedding']))
  return { vectors, inputTokens: readTokens(objectIn(body)?.['usage']) }
}

function readTokens(usage: Json | undefined): number {
  const counts = objectIn(usage)
  return countIn(counts?.['prompt_tokens']) ?? countIn(counts?.['total_tokens']) ?? 0
}

function readVector(value: Json | undefined): Float32Array {
  const numbers = arrayIn(value) ?? []
  if (numbers.length === 0 || !numbers.every(number => typeof number === 'number')) throw broken('what is no vector')
  return Float32Array.from(numbers)
}

function broken(what: string): ModelError {
  return new ModelError('unavailable', `the upstream sent ${what}`)
}

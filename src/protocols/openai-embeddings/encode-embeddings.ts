import type { Embeddings } from '../../core/backend.ts'
import type { JsonObject } from '../../core/json.ts'
import type { VectorEncoding } from './decode-request.ts'

/** Writes vectors in the order of their texts. */
export function encodeEmbeddings(
  { vectors, inputTokens }: Embeddings,
  { model, encoding }: { readonly model: string; readonly encoding: VectorEncoding },
): JsonObject {
  const write = encoding === 'base64' ? toBase64 : toNumbers
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: write(vector) })),
    model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  }
}

function toNumbers(vector: Float32Array): readonly number[] {
  return Array.from(vector)
}

function toBase64(vector: Float32Array): string {
  const view = new DataView(new ArrayBuffer(vector.length * Float32Array.BYTES_PER_ELEMENT))
  for (const [index, value] of vector.entries()) view.setFloat32(index * Float32Array.BYTES_PER_ELEMENT, value, true)
  return btoa(Array.from(new Uint8Array(view.buffer), byte => String.fromCharCode(byte)).join(''))
}

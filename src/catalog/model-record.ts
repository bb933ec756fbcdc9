import { z } from 'zod'

const count = z.number().int().nonnegative()

/** The claims of `Capabilities`; ones that a later version adds are passed over. */
const capabilities = z.object({
  contextTokens: count.exactOptional(),
  maxOutputTokens: count.exactOptional(),
  tools: z.boolean().exactOptional(),
  vision: z.boolean().exactOptional(),
  documents: z.boolean().exactOptional(),
  thinking: z.boolean().exactOptional(),
  structuredOutput: z.boolean().exactOptional(),
  embeddings: z.boolean().exactOptional(),
  rerank: z.boolean().exactOptional(),
})

/** What is kept of a model beside its file (`model.json`). */
export const modelRecord = z.object({
  schemaVersion: z.literal(1),
  id: z.string().max(100),
  /** Where it came from, in words. */
  source: z.string().max(4096),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: count,
  /** ISO 8601. */
  addedAt: z.string().max(40),
  licence: z.string().max(200).exactOptional(),
  architecture: z.string().max(200).exactOptional(),
  quantization: z.string().max(50).exactOptional(),
  parameters: count.exactOptional(),
  capabilities,
})

export type ModelRecord = Readonly<z.infer<typeof modelRecord>>

/** What a header may hold. Each bound is several times what the largest published models need. */
export const limits = {
  headerBytes: 64 * 2 ** 20,
  metadataEntries: 4096,
  keyBytes: 512,
  textBytes: 2 ** 20,
  keptTextBytes: 8 * 2 ** 20,
  arrayLength: 2 ** 22,
  keptArrayLength: 1024,
  keptStringArrayLength: 64,
  vocabulary: 2 ** 19,
  vocabularyBytes: 16 * 2 ** 20,
  tensors: 2 ** 16,
  // ggml keeps a tensor's name in 64 bytes, the last of them zero.
  tensorNameBytes: 63,
  dimensions: 4,
  alignment: 2 ** 16,
  // llama.cpp's LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS: beyond them it ends the process.
  layers: 512,
  experts: 1024,
  contextTokens: 2 ** 30,
  width: 2 ** 24,
} as const

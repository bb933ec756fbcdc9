import type { Kind } from '../provider.ts'

export const fireworks: Kind = {
  id: 'fireworks',
  name: 'Fireworks AI',
  url: 'https://api.fireworks.ai/inference/v1',
  path: '/inference/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'FIREWORKS_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        extraSampling: ['topK', 'minP'],
        reasoningField: 'reasoning_content',
        omittedFields: ['metadata', 'prompt_cache_key', 'safety_identifier', 'service_tier', 'store', 'verbosity'],
      },
    },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
  knownAs: 'fireworks',
}

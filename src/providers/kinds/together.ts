import type { Kind } from '../provider.ts'

export const together: Kind = {
  id: 'together',
  name: 'Together AI',
  url: 'https://api.together.xyz/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'TOGETHER_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        extraSampling: ['topK', 'minP'],
        reasoningField: 'reasoning',
        omittedFields: [
          'metadata',
          'parallel_tool_calls',
          'prompt_cache_key',
          'safety_identifier',
          'service_tier',
          'store',
          'user',
          'verbosity',
        ],
      },
    },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
  knownAs: 'together',
}

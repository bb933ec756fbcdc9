import type { Kind } from '../provider.ts'

export const cerebras: Kind = {
  id: 'cerebras',
  name: 'Cerebras',
  url: 'https://api.cerebras.ai/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'CEREBRAS_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        developerRole: 'system',
        reasoningField: 'none',
        omittedFields: [
          'frequency_penalty',
          'logit_bias',
          'metadata',
          'presence_penalty',
          'prompt_cache_key',
          'safety_identifier',
          'service_tier',
          'store',
          'verbosity',
        ],
      },
    },
  ],
  modelsPath: 'models',
  knownAs: 'cerebras',
}

import type { Kind } from '../provider.ts'

export const xai: Kind = {
  id: 'xai',
  name: 'xAI',
  url: 'https://api.x.ai/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'XAI_API_KEY',
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
    { protocol: 'openai-responses', path: 'responses' },
  ],
  modelsPath: 'models',
  knownAs: 'x-ai',
}

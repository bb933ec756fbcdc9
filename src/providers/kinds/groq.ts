import type { Kind } from '../provider.ts'

export const groq: Kind = {
  id: 'groq',
  name: 'Groq',
  url: 'https://api.groq.com/openai/v1',
  path: '/openai/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'GROQ_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        developerRole: 'system',
        reasoningField: 'none',
        omittedFields: [
          'logit_bias',
          'logprobs',
          'metadata',
          'prompt_cache_key',
          'safety_identifier',
          'store',
          'top_logprobs',
          'verbosity',
        ],
      },
    },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  modelsPath: 'models',
  knownAs: 'groq',
}

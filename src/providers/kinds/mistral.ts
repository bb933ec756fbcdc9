import type { Kind } from '../provider.ts'

export const mistral: Kind = {
  id: 'mistral',
  name: 'Mistral',
  url: 'https://api.mistral.ai/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'MISTRAL_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        seedField: 'random_seed',
        callIds: 'nine-alphanumerics',
        afterToolResults: 'assistant',
        prefill: 'prefix',
        reasoningField: 'none',
        thinkingControl: 'none',
        omittedFields: [
          'logit_bias',
          'logprobs',
          'metadata',
          'prompt_cache_key',
          'safety_identifier',
          'service_tier',
          'store',
          'stream_options',
          'top_logprobs',
          'user',
          'verbosity',
        ],
      },
    },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
  knownAs: 'mistral',
}

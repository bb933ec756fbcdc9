import type { Kind } from '../provider.ts'

export const openrouter: Kind = {
  id: 'openrouter',
  name: 'OpenRouter',
  url: 'https://openrouter.ai/api/v1',
  path: '/api/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'OPENROUTER_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      isRelayed: true,
      // https://openrouter.ai/docs/use-cases/usage-accounting
      tellsUsageUnasked: true,
      compat: {
        thinkingControl: 'reasoning-object',
        reasoningField: 'reasoning',
        cacheMarks: 'cache_control',
        extraSampling: ['topK', 'minP'],
      },
    },
    { protocol: 'anthropic-messages', path: 'messages' },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
  knownAs: 'openrouter',
}

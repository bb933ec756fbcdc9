import type { Kind } from '../provider.ts'

export const lmStudio: Kind = {
  id: 'lm-studio',
  name: 'LM Studio',
  url: 'http://127.0.0.1:1234/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: false,
  isLocalEngine: true,
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        toolChoice: 'words',
        extraSampling: ['topK', 'minP'],
        reasoningField: 'none',
      },
    },
    { protocol: 'anthropic-messages', path: 'messages', compat: { unsignedReasoning: 'accepted' } },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
}

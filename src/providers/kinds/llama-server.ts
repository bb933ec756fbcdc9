import type { Kind } from '../provider.ts'

export const llamaServer: Kind = {
  id: 'llama-server',
  name: 'llama-server',
  url: 'http://127.0.0.1:8080/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: false,
  keyVariable: 'LLAMA_API_KEY',
  isLocalEngine: true,
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        extraSampling: ['topK', 'minP'],
        reasoningField: 'reasoning_content',
        thinkingControl: 'template-switch',
      },
    },
    {
      protocol: 'anthropic-messages',
      path: 'messages',
      compat: { unsignedReasoning: 'accepted' },
      countPath: 'messages/count_tokens',
    },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  healthPath: '../health',
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
}

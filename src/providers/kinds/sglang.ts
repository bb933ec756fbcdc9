import type { Kind } from '../provider.ts'

export const sglang: Kind = {
  id: 'sglang',
  name: 'SGLang',
  url: 'http://127.0.0.1:30000/v1',
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
        extraSampling: ['topK', 'minP'],
        reasoningField: 'reasoning_content',
        thinkingControl: 'template-switch',
        prefill: 'continue-final-message',
      },
    },
    { protocol: 'anthropic-messages', path: 'messages', compat: { unsignedReasoning: 'accepted' } },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  healthPath: '../health',
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
}

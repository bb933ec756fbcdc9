import type { Kind } from '../provider.ts'

export const vllm: Kind = {
  id: 'vllm',
  name: 'vLLM',
  url: 'http://127.0.0.1:8000/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: false,
  keyVariable: 'VLLM_API_KEY',
  isLocalEngine: true,
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        extraSampling: ['topK', 'minP'],
        reasoningField: 'reasoning',
        thinkingControl: 'template-switch',
        prefill: 'continue-final-message',
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

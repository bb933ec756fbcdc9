import type { Kind } from '../provider.ts'

export const mlxLm: Kind = {
  id: 'mlx-lm',
  name: 'mlx-lm',
  url: 'http://127.0.0.1:8080/v1',
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
        textContent: 'string',
        extraSampling: ['topK', 'minP'],
        reasoningField: 'none',
        thinkingControl: 'template-switch',
      },
    },
  ],
  healthPath: '../health',
  modelsPath: 'models',
}

import type { Kind } from '../provider.ts'

export const openaiCompatible: Kind = {
  id: 'openai-compatible',
  name: 'a server that speaks the OpenAI API',
  path: '/v1',
  auth: 'bearer',
  needsKey: false,
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      isRelayed: true,
      compat: { maxTokensField: 'max_tokens', developerRole: 'system' },
    },
    { protocol: 'openai-responses', path: 'responses', isRelayed: true },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
}

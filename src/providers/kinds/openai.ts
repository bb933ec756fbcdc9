import type { Kind } from '../provider.ts'

export const openai: Kind = {
  id: 'openai',
  name: 'OpenAI',
  url: 'https://api.openai.com/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'OPENAI_API_KEY',
  dialects: [
    { protocol: 'openai-chat', path: 'chat/completions', isRelayed: true, compat: { reasoningField: 'none' } },
    { protocol: 'openai-responses', path: 'responses', isRelayed: true },
  ],
  owns: 'openai-responses',
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
  knownAs: 'openai',
}

import type { Kind } from '../provider.ts'

/*
 * Nothing is relayed: what is merely compatible seldom takes all that OpenAI does, and fields that only it knows go on
 * in a translated request too.
 */
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
      compat: { maxTokensField: 'max_tokens', developerRole: 'system' },
    },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
}

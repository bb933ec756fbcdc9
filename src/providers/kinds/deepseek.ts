import type { Kind } from '../provider.ts'

export const deepseek: Kind = {
  id: 'deepseek',
  name: 'DeepSeek',
  url: 'https://api.deepseek.com/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'DEEPSEEK_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        reasoningField: 'reasoning_content',
        requiresReasoning: true,
        thinkingControl: 'thinking-type',
        jsonSchema: 'prompted',
        omittedFields: [
          'logit_bias',
          'metadata',
          'parallel_tool_calls',
          'prompt_cache_key',
          'safety_identifier',
          'seed',
          'service_tier',
          'store',
          'user',
          'verbosity',
        ],
      },
    },
  ],
  modelsPath: 'models',
  knownAs: 'deepseek',
}

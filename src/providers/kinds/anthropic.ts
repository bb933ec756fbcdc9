import type { Kind } from '../provider.ts'

export const anthropic: Kind = {
  id: 'anthropic',
  name: 'Anthropic',
  url: 'https://api.anthropic.com/v1',
  path: '/v1',
  auth: 'x-api-key',
  needsKey: true,
  keyVariable: 'ANTHROPIC_API_KEY',
  dialects: [{ protocol: 'anthropic-messages', path: 'messages', countPath: 'messages/count_tokens', isRelayed: true }],
  owns: 'anthropic-messages',
  modelsPath: 'models?limit=1000',
  knownAs: 'anthropic',
}

import type { Kind } from '../provider.ts'

/* Where the key is wanted as a bearer token, it is given as the header `authorization`. */
export const anthropicCompatible: Kind = {
  id: 'anthropic-compatible',
  name: 'a server that speaks the Anthropic Messages API',
  path: '/v1',
  auth: 'x-api-key',
  needsKey: false,
  dialects: [{ protocol: 'anthropic-messages', path: 'messages', countPath: 'messages/count_tokens', isRelayed: true }],
  modelsPath: 'models',
}

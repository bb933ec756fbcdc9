import { ModelError } from '../../core/errors.ts'
import type { Kind } from '../provider.ts'

const noModel = { code: 'model-not-found', field: ['model'] } as const

/* With `?api-version=` in the URL the dated API is meant, where a deployment has an address of its own. */
export const azureOpenai: Kind = {
  id: 'azure-openai',
  name: 'Azure OpenAI',
  path: '/openai/v1',
  auth: 'api-key',
  needsKey: true,
  keyVariable: 'AZURE_OPENAI_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      isRelayed: true,
      compat: { reasoningField: 'none' },
      path: (deployment, url) => `${isDated(url) ? deploymentPath(deployment) : ''}chat/completions`,
    },
    { protocol: 'openai-responses', path: 'responses', isRelayed: true },
  ],
  modelsPath: 'models',
  embeddingsPath: 'embeddings',
  knownAs: 'azure',
}

function isDated(url: URL): boolean {
  return url.searchParams.has('api-version') && !url.pathname.replace(/\/$/, '').endsWith('/v1')
}

function deploymentPath(deployment: string): string {
  // As a step of a path these lead upwards, however they are spelled.
  if (/^\.{1,2}$/.test(deployment)) throw new ModelError('not-found', 'model: no deployment has this name', noModel)
  return `deployments/${encodeURIComponent(deployment)}/`
}

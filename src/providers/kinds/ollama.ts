import type { Kind } from '../provider.ts'
import { ModelError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { arrayIn, objectIn, stringIn } from '../../protocols/json.ts'
import { readModels } from '../model-list.ts'
import type { Ask, ListedModel } from '../provider.ts'

export const ollama: Kind = {
  id: 'ollama',
  name: 'Ollama',
  url: 'http://127.0.0.1:11434/v1',
  path: '/v1',
  auth: 'bearer',
  needsKey: false,
  keyVariable: 'OLLAMA_API_KEY',
  isLocalEngine: true,
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: { maxTokensField: 'max_tokens', developerRole: 'system', reasoningField: 'reasoning' },
    },
    { protocol: 'anthropic-messages', path: 'messages', compat: { unsignedReasoning: 'accepted' } },
    { protocol: 'openai-responses', path: 'responses' },
  ],
  modelsPath: '../api/tags',
  readModels: readTags,
  runsElsewhere,
  embeddingsPath: 'embeddings',
}

// Ollama answers for these as if they were here, and asks its own cloud: `gpt-oss:120b-cloud`, `kimi-k2:cloud`.
const cloudName = /[:-]cloud$/i

function readTags(body: Json): readonly ListedModel[] {
  const remote = new Set((arrayIn(objectIn(body)?.['models']) ?? []).filter(isRemote).map(nameOf))
  return readModels(body).map(model => ({
    ...model,
    ...((remote.has(model.id) || cloudName.test(model.id)) && { isElsewhere: true }),
  }))
}

function isRemote(model: Json): boolean {
  const { remote_host, remote_model } = objectIn(model) ?? {}
  return (remote_host ?? '') !== '' || (remote_model ?? '') !== ''
}

function nameOf(model: Json): string | undefined {
  return stringIn(objectIn(model)?.['name'])
}

/* A cloud's model may have been copied to a name of the owner's choice, so the name alone proves nothing. */
async function runsElsewhere(model: string, ask: Ask, signal: AbortSignal): Promise<boolean> {
  if (cloudName.test(model)) return true
  const shown = await ask({ path: '../api/show', body: { model }, signal })
  if (objectIn(shown) === undefined) throw new ModelError('unavailable', 'Ollama did not say where the model runs')
  return isRemote(shown)
}

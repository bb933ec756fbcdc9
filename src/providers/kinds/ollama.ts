import type { Kind } from '../provider.ts'
import type { Capabilities } from '../../core/capabilities.ts'
import { ModelError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { arrayIn, countIn, defined, objectIn, stringIn } from '../../protocols/json.ts'
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
  healthPath: '../api/version',
  modelsPath: '../api/tags',
  readModels: readTags,
  runsElsewhere,
  embeddingsPath: 'embeddings',
}

// Ollama answers for these as if they were here, and asks its own cloud: `gpt-oss:120b-cloud`, `kimi-k2:cloud`.
const cloudName = /[:-]cloud$/i

function readTags(body: Json): readonly ListedModel[] {
  const items = (arrayIn(objectIn(body)?.['models']) ?? []).map(item => objectIn(item) ?? {})
  const byName = new Map(items.map(item => [stringIn(item['name']), item]))
  return readModels(body).map(model => {
    const item = byName.get(model.id) ?? {}
    const isElsewhere = isRemote(item) || cloudName.test(model.id)
    const capabilities = { ...model.capabilities, ...readCapabilities(item) }
    return { ...model, capabilities, ...(isElsewhere && { isElsewhere }) }
  })
}

function readCapabilities({ details, capabilities }: JsonObject): Capabilities {
  const words = arrayIn(capabilities)
  return defined({
    contextTokens: countIn(objectIn(details)?.['context_length']),
    tools: words?.includes('tools'),
    vision: words?.includes('vision'),
    thinking: words?.includes('thinking'),
    embeddings: words?.includes('embedding'),
  })
}

function isRemote({ remote_host, remote_model }: JsonObject): boolean {
  return (remote_host ?? '') !== '' || (remote_model ?? '') !== ''
}

/* A cloud's model may have been copied to a name of the owner's choice, so the name alone proves nothing. */
async function runsElsewhere(model: string, ask: Ask, signal: AbortSignal): Promise<boolean> {
  if (cloudName.test(model)) return true
  const shown = objectIn(await ask({ path: '../api/show', body: { model }, signal }))
  if (!shown) throw new ModelError('unavailable', 'Ollama did not say where the model runs')
  return isRemote(shown)
}

import type { Kind } from '../provider.ts'
import type { JsonObject } from '../../core/json.ts'
import { arrayIn, isJsonObject, objectIn } from '../../protocols/json.ts'
import { readModels } from '../model-list.ts'
import type { ListedModel } from '../provider.ts'

export const gemini: Kind = {
  id: 'gemini',
  name: 'Google Gemini',
  url: 'https://generativelanguage.googleapis.com/v1beta/openai',
  path: '/v1beta/openai',
  auth: 'bearer',
  needsKey: true,
  keyVariable: 'GEMINI_API_KEY',
  dialects: [
    {
      protocol: 'openai-chat',
      path: 'chat/completions',
      compat: {
        maxTokensField: 'max_tokens',
        developerRole: 'system',
        reasoningField: 'none',
        omittedFields: [
          'frequency_penalty',
          'logit_bias',
          'logprobs',
          'metadata',
          'parallel_tool_calls',
          'presence_penalty',
          'prompt_cache_key',
          'safety_identifier',
          'seed',
          'service_tier',
          'store',
          'top_logprobs',
          'user',
          'verbosity',
        ],
      },
      adjust: excuseSignatures,
    },
  ],
  modelsPath: 'models',
  readModels: body => readModels(body).map(shorten),
  embeddingsPath: 'embeddings',
  knownAs: 'google',
}

/* The list writes `models/` before each name; requests and people do not. */
function shorten(model: ListedModel): ListedModel {
  const id = model.id.replace(/^models\//, '')
  return { ...model, id, displayName: model.displayName.replace(/^models\//, '') }
}

/*
 * Gemini refuses a tool call of its own that comes back without the signature of its thoughts, which no client of
 * another API keeps. This word is Google's own for calls whose signature is not known.
 */
const excused: JsonObject = { google: { thought_signature: 'skip_thought_signature_validator' } }

function excuseSignatures(body: JsonObject): JsonObject {
  return { ...body, messages: (arrayIn(body['messages']) ?? []).map(message => excuse(objectIn(message) ?? {})) }
}

function excuse(message: JsonObject): JsonObject {
  const calls = arrayIn(message['tool_calls'])?.filter(isJsonObject)
  const [first, ...others] = calls ?? []
  return first ? { ...message, tool_calls: [{ ...first, extra_content: excused }, ...others] } : message
}

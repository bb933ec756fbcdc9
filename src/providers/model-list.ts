import type { Capabilities } from '../core/capabilities.ts'
import { ModelError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Prices } from '../core/provider-settings.ts'
import { arrayIn, countIn, defined, isJsonObject, objectIn, stringIn } from '../protocols/json.ts'
import type { ListedModel } from './provider.ts'

const maxModels = 10_000
const maxNameLength = 256

/**
 * Reads a list of models in any of the common forms: Anthropic's, OpenAI's and what clouds and engines add to it.
 * Throws `unavailable` for what is no list.
 */
export function readModels(body: Json): readonly ListedModel[] {
  const list = arrayIn(body) ?? arrayIn(objectIn(body)?.['data']) ?? arrayIn(objectIn(body)?.['models'])
  if (!list) throw new ModelError('unavailable', 'the upstream answered with something that is no list of models')
  return list.slice(0, maxModels).flatMap(readModel)
}

function readModel(item: Json): readonly ListedModel[] {
  if (!isJsonObject(item)) return []
  const id = nameIn(item['id']) ?? nameIn(item['name'])
  if (id === undefined) return []
  const ownedBy = nameIn(item['owned_by']) ?? nameIn(item['organization'])
  const prices = readPrices(objectIn(item['pricing']) ?? {})
  return [
    {
      id,
      displayName: nameIn(item['display_name']) ?? nameIn(item['name']) ?? id,
      createdSeconds: countIn(item['created']) ?? secondsOf(stringIn(item['created_at'])),
      capabilities: readCapabilities(item),
      ...(ownedBy !== undefined && { ownedBy }),
      ...(Object.keys(prices).length > 0 && { prices }),
    },
  ]
}

/** Gives a name that can be shown and sent: not too long, and of letters that do no harm. */
function nameIn(value: Json | undefined): string | undefined {
  const name = stringIn(value)?.trim() ?? ''
  return name === '' || name.length > maxNameLength || /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(name) ? undefined : name
}

function secondsOf(date: string | undefined): number {
  const ms = Date.parse(date ?? '')
  return Number.isNaN(ms) || ms < 0 ? 0 : Math.floor(ms / 1000)
}

const contextFields = ['context_length', 'max_model_len', 'context_window', 'max_context_length', 'max_input_tokens']
const outputFields = ['max_completion_tokens', 'max_output_tokens', 'max_tokens']

function readCapabilities(item: JsonObject): Capabilities {
  return { ...readSizes(item), ...readClaims(item) }
}

function readSizes(item: JsonObject): Capabilities {
  const provider = objectIn(item['top_provider']) ?? {}
  return defined({
    contextTokens: first(item, contextFields) ?? countIn(objectIn(item['meta'])?.['n_ctx']),
    maxOutputTokens: first(provider, outputFields) ?? first(item, outputFields),
  })
}

function readClaims(item: JsonObject): Capabilities {
  const claims = { ...item, ...objectIn(item['capabilities']) }
  const taken = arrayIn(item['supported_parameters'])
  const inputs = arrayIn(objectIn(item['architecture'])?.['input_modalities'])
  return defined({
    tools: claimIn(claims, ['function_calling', 'supports_tools'], taken?.includes('tools')),
    vision: claimIn(claims, ['vision', 'image_input', 'supports_image_input'], inputs?.includes('image')),
    documents: claimIn(claims, ['pdf_input'], inputs?.includes('file')),
    thinking: claimIn(claims, ['thinking', 'reasoning'], taken?.includes('reasoning')),
    structuredOutput: claimIn(claims, ['structured_outputs'], taken?.includes('structured_outputs')),
  })
}

function first(item: JsonObject, fields: readonly string[]): number | undefined {
  return fields.map(field => countIn(item[field])).find(count => count !== undefined && count > 0)
}

/** A claim is true or false, or an object that says whether it is supported. */
function claimIn(claims: JsonObject, names: readonly string[], otherwise: boolean | undefined): boolean | undefined {
  const said = names.map(name => booleanIn(claims[name]) ?? booleanIn(objectIn(claims[name])?.['supported']))
  return said.find(claim => claim !== undefined) ?? otherwise
}

function booleanIn(value: Json | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** Reads dollars for one token, as OpenRouter tells them, as dollars for a million. */
function readPrices(pricing: JsonObject): Prices {
  return defined({
    input: perMillion(pricing['prompt']),
    cacheRead: perMillion(pricing['input_cache_read']),
    cacheWrite: perMillion(pricing['input_cache_write']),
    output: perMillion(pricing['completion']),
  })
}

function perMillion(value: Json | undefined): number | undefined {
  const dollars = Number(stringIn(value) ?? Number.NaN)
  return Number.isFinite(dollars) && dollars >= 0 ? Number((dollars * 1e6).toPrecision(12)) : undefined
}

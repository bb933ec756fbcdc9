import type { Json, JsonObject } from '../../core/json.ts'
import { arrayIn, type Field, isJsonObject, objectIn } from '../json.ts'

/** Gives what the answer repeats of a request, with what holds where the request says nothing. */
export function echoOf(root: Field): JsonObject {
  const body = root.object()
  const said = (field: string, otherwise: Json): Json => body[field] ?? otherwise
  return {
    model: said('model', ''),
    background: false,
    instructions: said('instructions', null),
    max_output_tokens: said('max_output_tokens', null),
    max_tool_calls: said('max_tool_calls', null),
    metadata: said('metadata', {}),
    parallel_tool_calls: said('parallel_tool_calls', true),
    previous_response_id: said('previous_response_id', null),
    prompt_cache_key: said('prompt_cache_key', null),
    prompt_cache_retention: said('prompt_cache_retention', null),
    reasoning: { effort: null, summary: null, ...objectIn(body['reasoning']) },
    safety_identifier: said('safety_identifier', null),
    service_tier: said('service_tier', 'default'),
    store: said('store', true),
    temperature: said('temperature', null),
    text: { format: { type: 'text' }, ...objectIn(body['text']) },
    tool_choice: said('tool_choice', 'auto'),
    tools: (arrayIn(body['tools']) ?? []).filter(isJsonObject),
    top_logprobs: said('top_logprobs', 0),
    top_p: said('top_p', null),
    truncation: said('truncation', 'disabled'),
    ...(body['user'] !== undefined && { user: body['user'] }),
  }
}

import type { Extras, ProtocolId } from '../core/extras.ts'
import type { JsonObject } from '../core/json.ts'
import type { Loss } from '../core/loss.ts'

/*
 * With these a client of a gateway names other models than the one that was planned, or another place with another key:
 * OpenRouter's first, then those of LiteLLM and of Vercel's gateway. OpenRouter's `provider` goes on: it chooses among
 * those who run the same model, and may say that none of them keeps what it is sent.
 */
const choosing: ReadonlySet<string> = new Set([
  'models',
  'route',
  'preset',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'model_list',
  'user_config',
  'custom_llm_provider',
  'api_base',
  'base_url',
  'api_key',
])

/* Every wire format has small letters only, and some upstreams take `Model` for `model`. */
const plainName = /^[a-z0-9_]+$/

/** Says why a field that only its protocol knows is kept from every upstream; nothing, where it may go on. */
function whyWithheld(field: string): string | undefined {
  if (choosing.has(field)) return 'where a request goes is for the rules of this server, not for its body'
  if (!plainName.test(field))
    return 'no field of the protocol has such letters, and upstreams differ in how they read it'
  return undefined
}

/** Leaves out of a body what could have another model answer than was planned, and notes it. */
export function withhold(body: JsonObject, losses: Loss[]): JsonObject {
  const kept = Object.entries(body).filter(([field]) => {
    const why = whyWithheld(field)
    if (why !== undefined) losses.push({ field, action: 'dropped', why })
    return why === undefined
  })
  return Object.fromEntries(kept)
}

/** Whether a request, as it came in this protocol, has a field that is kept from every upstream. */
export function isWithheld(extras: Extras | undefined, protocol: ProtocolId): boolean {
  return Object.keys(extras?.[protocol] ?? {}).some(field => whyWithheld(field) !== undefined)
}

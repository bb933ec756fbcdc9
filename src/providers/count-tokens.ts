import { ModelError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { ModelRequest } from '../core/request.ts'
import { countIn, objectIn } from '../protocols/json.ts'
import { maxBytes } from './limits.ts'
import type { Upstream } from './upstream.ts'

/* What of a request makes its prompt; the place that counts refuses the rest. */
const counted = ['model', 'messages', 'system', 'tools', 'tool_choice', 'thinking', 'output_config', 'cache_control']

/** Asks a provider how many tokens a request's prompt has. */
export async function countTokens(
  { upstream, path }: { readonly upstream: Upstream; readonly path: string },
  asked: ModelRequest,
  signal: AbortSignal,
): Promise<number> {
  const { request } = upstream.prepare(asked)
  const { body, headers } = upstream.encode(request, false)
  await upstream.admit(request.model, signal)
  const answer = await upstream.askLong(
    { url: upstream.url(path), headers, body: JSON.stringify(promptOf(body)), limit: maxBytes.error },
    signal,
  )
  const count = countIn(objectIn(answer)?.['input_tokens'])
  if (count === undefined) throw new ModelError('unavailable', 'the upstream did not say how many tokens there are')
  return count
}

function promptOf(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([field]) => counted.includes(field)))
}

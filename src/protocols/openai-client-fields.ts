import type { JsonObject } from '../core/json.ts'
import type { ModelRequest } from '../core/request.ts'
import { defined, type Field } from './json.ts'

/** Reads what the OpenAI protocols let a client say of itself: who its user is, and what it notes about a request. */
export function decodeClientFields(root: Field): Pick<ModelRequest, 'userId' | 'cacheKey' | 'metadata'> {
  const user = root.at('user').maybe(field => field.name(maxNameLength))
  const safetyIdentifier = root.at('safety_identifier').maybe(field => field.name(maxNameLength))
  return defined({
    userId: user ?? safetyIdentifier,
    cacheKey: root.at('prompt_cache_key').maybe(field => field.name(maxNameLength)),
    metadata: root.at('metadata').maybe(decodeMetadata),
  })
}

const maxNameLength = 1024
const maxMetadataKeys = 16

function decodeMetadata(field: Field): JsonObject {
  const metadata = field.object()
  const keys = Object.keys(metadata)
  if (keys.length > maxMetadataKeys) field.fail(`must have at most ${maxMetadataKeys} keys, not ${keys.length}`)
  for (const key of keys) {
    if (key.length > 64) field.fail('must not have a key of more than 64 characters')
    const value = field.at(key)
    if (value.string().length > 512) value.fail('must have at most 512 characters')
  }
  return metadata
}

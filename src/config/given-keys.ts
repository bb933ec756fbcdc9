import { isPlaceName, placeName } from '../core/place-name.ts'
import { Secret } from '../core/secret.ts'
import type { ClientKey } from './client-keys.ts'
import type { Fault } from './fault.ts'

/**
 * Makes keys of those that were given by a flag or a variable. One that the file has too is what the file says of it;
 * without a name there, it is called by its place among those that were given.
 */
export function keysOfWords(words: readonly string[], inFile: readonly ClientKey[]): readonly ClientKey[] {
  return [...new Set(words)].map((word, index) => {
    const known = inFile.find(({ key }) => key.reveal() === word)
    if (known === undefined) return { name: placeName(index), key: new Secret(word) }
    return isPlaceName(known.name) ? { ...known, name: placeName(index) } : known
  })
}

/**
 * Tells keys that stay here by the file and were not given, where others were that the file does not know: such a key
 * may be another secret of the same client, for which nothing holds that the file says.
 */
export function lostKeyWarnings(
  given: readonly ClientKey[],
  { inFile, source }: { readonly inFile: readonly ClientKey[]; readonly source: string },
): readonly Fault[] {
  const known = secretsOf(inFile)
  const valid = secretsOf(given)
  if (given.every(({ key }) => known.has(key.reveal()))) return []
  return inFile
    .filter(({ key, isLocalOnly }) => isLocalOnly === true && !valid.has(key.reveal()))
    .map(({ name }) => ({
      message: `${source} has keys that are not in the file, and not the one that is ${name} there: if one of them is that client’s, its requests do not have to stay here`,
    }))
}

function secretsOf(keys: readonly ClientKey[]): ReadonlySet<string> {
  return new Set(keys.map(({ key }) => key.reveal()))
}

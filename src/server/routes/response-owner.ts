import { isPlaceName } from '../../core/place-name.ts'
import type { Exchange } from '../exchange.ts'
import { digestOf } from '../keyring.ts'

/**
 * Whose responses a client sees: all that were asked for with its key. The key's name stands for it, so that another
 * secret under the same name finds them; where it has none but its place, which may become another's, its digest does.
 * Where no key is needed, they are nobody's own. No name has a colon, so none can pass for a digest.
 */
export function ownerOf({ key }: Pick<Exchange, 'key'>): string {
  if (key === undefined) return ''
  return isPlaceName(key.name) ? `sha256:${digestOf(key)}` : key.name
}

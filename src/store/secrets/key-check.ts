import type { MasterKeyRow } from '../schema.ts'
import type { MasterKey } from './master-key.ts'
import { seal, unseal } from './seal.ts'
import type { SealedPlace } from './seal.ts'

/* What is sealed beside a master key's id: only the right key opens it. */
const knownText = 'duologue'

/** Gives what is kept of a master key: its id, and what tells it from another one. */
export function checkOf(key: MasterKey): Pick<MasterKeyRow, 'id' | 'sealed'> {
  return { id: key.id, sealed: seal(key, placeOf(key.id), knownText) }
}

/** Whether a key is the one that a database was begun with. */
export function isKeyOf({ id, sealed }: MasterKeyRow, key: MasterKey): boolean {
  return unseal(key, placeOf(id), sealed) === knownText
}

function placeOf(id: string): SealedPlace {
  return { table: 'master_keys', id, column: 'sealed', purpose: 'key_check' }
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { MasterKey } from './master-key.ts'

const version = 'v1'
const saltBytes = 16
const nonceBytes = 12
const tagBytes = 16
/* A secret has a bound, so its sealed form has one too. */
const mostLetters = 100_000

/** Where a sealed text stands. It opens only there: moved to another row or column, it is worthless. */
export interface SealedPlace {
  readonly table: string
  readonly id: string
  readonly column: string
  readonly purpose: string
}

/** Seals a text with AES-256-GCM under a key of its own, as `v1.<master key id>.<salt>.<nonce>.<text>.<tag>`. */
export function seal(key: MasterKey, place: SealedPlace, text: string): string {
  const salt = randomBytes(saltBytes)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key.derive(salt, purposeOf(place)), nonce)
  cipher.setAAD(boundTo(place))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  const parts = [salt, nonce, sealed, cipher.getAuthTag()].map(part => part.toString('base64url'))
  return [version, key.id, ...parts].join('.')
}

/** Opens what `seal` gave. Gives nothing where the key, the place or a single bit is another. */
export function unseal(key: MasterKey, place: SealedPlace, sealed: string): string | undefined {
  const parts = partsOf(sealed)
  if (parts?.keyId !== key.id) return undefined
  try {
    const recordKey = key.derive(parts.salt, purposeOf(place))
    const decipher = createDecipheriv('aes-256-gcm', recordKey, parts.nonce, { authTagLength: tagBytes })
    decipher.setAAD(boundTo(place)).setAuthTag(parts.tag)
    return Buffer.concat([decipher.update(parts.body), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

interface Parts {
  readonly keyId: string
  readonly salt: Buffer
  readonly nonce: Buffer
  readonly body: Buffer
  readonly tag: Buffer
}

function partsOf(sealed: string): Parts | undefined {
  const [written, keyId = '', ...texts] = sealed.length <= mostLetters ? sealed.split('.') : []
  if (written !== version || texts.length !== 4) return undefined
  const [salt, nonce, body, tag] = texts.map(part => Buffer.from(part, 'base64url'))
  if (salt?.length !== saltBytes || nonce?.length !== nonceBytes || tag?.length !== tagBytes) return undefined
  return { keyId, salt, nonce, body: body ?? Buffer.alloc(0), tag }
}

/** Gives the id of the master key that a text was sealed with, or nothing's for a stranger of a text. */
export function keyIdOf(sealed: string): string {
  return sealed.split('.', 2)[1] ?? ''
}

function purposeOf({ purpose, id }: SealedPlace): string {
  return [version, purpose, id].join('|')
}

function boundTo({ table, id, column }: SealedPlace): Buffer {
  return Buffer.from([table, id, column, version].join('|'))
}

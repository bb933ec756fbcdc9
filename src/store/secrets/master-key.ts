import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

const keyBytes = 32
const hexForm = /^[0-9a-f]{64}$/i
const base64Form = /^[\w+/-]{43}=?$/

/** The key that all secrets are sealed with, by way of keys derived from it. Printing it shows only its id. */
export class MasterKey {
  /** Names the key and tells nothing of it. */
  readonly id: string
  readonly #bytes: Buffer

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.id = createHmac('sha256', bytes).update('duologue master key id').digest('hex').slice(0, 12)
  }

  /** Makes a key by chance. */
  static random(): MasterKey {
    return new MasterKey(randomBytes(keyBytes))
  }

  /** Reads a key from 64 hexadecimal digits or from Base64; gives nothing for any other text. */
  static parse(text: string): MasterKey | undefined {
    const written = text.trim()
    if (hexForm.test(written)) return new MasterKey(Buffer.from(written, 'hex'))
    if (!base64Form.test(written)) return undefined
    const bytes = Buffer.from(written, 'base64url')
    return bytes.length === keyBytes ? new MasterKey(bytes) : undefined
  }

  /** Writes the key as `parse` reads it, for the place that keeps it. */
  reveal(): string {
    return this.#bytes.toString('hex')
  }

  /** Derives a key for one record. */
  derive(salt: Uint8Array, purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, salt, purpose, keyBytes))
  }
}

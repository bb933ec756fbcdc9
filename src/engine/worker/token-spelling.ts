import type { NativeModel } from './binding.ts'

/** How a token reads by itself. */
export interface SpelledToken {
  readonly token: string
  readonly bytes: readonly number[]
}

type Speller = Pick<NativeModel, 'detokenize' | 'getTokenString'>

/** Spells one token. Where it is only a part of a character, `bytes` say what `token` cannot. */
export function spellToken(native: Speller, token: number): SpelledToken {
  const text = textOf(native, token)
  const bytes = text.includes('\uFFFD') ? rawBytes(native.getTokenString(token)) : undefined
  return { token: text, bytes: [...(bytes ?? Buffer.from(text))] }
}

/* Some tokenizers leave out the space before the first word of a text, so the token is read after itself. */
function textOf(native: Speller, token: number): string {
  const once = native.detokenize(Uint32Array.of(token), true)
  return native.detokenize(Uint32Array.of(token, token), true).slice(once.length)
}

const spelledByte = /^<0x([\dA-F]{2})>$/i

/** The bytes that a vocabulary's own spelling stands for; undefined where it is not one of the two known ones. */
function rawBytes(spelling: string | undefined): readonly number[] | undefined {
  const [, hex] = spelledByte.exec(spelling ?? '') ?? []
  if (hex !== undefined) return [Number.parseInt(hex, 16)]
  const bytes = Array.from(spelling ?? '', character => byteOf(character))
  return bytes.every(byte => byte !== undefined) ? bytes : undefined
}

/* Byte-level vocabularies write a printable byte as itself, and the others as the characters from U+0100 on. */
const unprintable: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).filter(
  byte => byte <= 0x20 || (byte >= 0x7f && byte <= 0xa0) || byte === 0xad,
)

function byteOf(character: string): number | undefined {
  const code = character.codePointAt(0) ?? 0
  if (code >= 0x100) return unprintable[code - 0x100]
  return unprintable.includes(code) ? undefined : code
}

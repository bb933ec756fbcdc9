const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']

// Each pair is joined by the merge of the same place; Ġ stands for a space, as in every byte-level vocabulary.
const merges = [
  'Ġ Ġ',
  'Ġ t',
  'h e',
  'i n',
  'o u',
  'e r',
  'a n',
  'l l',
  'Ġ a',
  'o r',
  'Ġt he',
  'e s',
  'an d',
  'in g',
  'Ġ w',
  'a t',
  'h at',
  's t',
  'Ġ o',
  'Ġo f',
  'r e',
  'o n',
  'Ġ {',
  '" :',
]

/** The character that stands for each byte in a byte-level vocabulary: itself if printable, else one past U+0100. */
export const byteTokens: readonly string[] = spellBytes()

/** Three control tokens, one token for each byte, so that any text has tokens, and a few merged ones. */
export const tinyVocabulary: {
  readonly tokens: readonly string[]
  readonly merges: readonly string[]
  /** GGUF's kind of each token: 3 is control, 1 is normal. */
  readonly types: readonly number[]
} = {
  tokens: [...specials, ...byteTokens, ...merges.map(merge => merge.replace(' ', ''))],
  merges,
  types: [...specials.map(() => 3), ...byteTokens.map(() => 1), ...merges.map(() => 1)],
}

function spellBytes(): readonly string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++))
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
}

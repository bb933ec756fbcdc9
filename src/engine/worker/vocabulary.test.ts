import { expect, test } from 'vitest'
import type { LlamaModel } from './binding.ts'
import { readVocabulary } from './vocabulary.ts'

/* A model that has a token for each letter, and puts something before each text. */
function breaksAtLines({ tokens, before = '' }: { tokens: readonly string[]; before?: string }): boolean {
  const none = (): number => -1
  const native = {
    tokenize: (text: string) => Uint32Array.from(before + text, letter => letter.codePointAt(0) ?? 0),
    getTokenAttributes: () => 4,
    shouldPrependBosToken: () => false,
    tokenBos: none,
    tokenEos: none,
    prefixToken: none,
    middleToken: none,
    suffixToken: none,
  }
  const metadata = { general: { architecture: 'llama' }, tokenizer: { ggml: { tokens } } }
  return readVocabulary({ _model: native, fileInfo: { metadata } } as unknown as LlamaModel).breaksAtLines
}

test('lines can be read one after the other where no token goes on in the next one', () => {
  expect(breaksAtLines({ tokens: ['a', '\n', ');\n', '\n\n', '\n\t', '\u010A', '\u010A\u0120'] })).toBe(true)
  expect(breaksAtLines({ tokens: ['a', '\n}'] })).toBe(false)
  expect(breaksAtLines({ tokens: ['a', ';\u010Aint'] })).toBe(false)
})

test('lines cannot be read one after the other where each text begins with a space', () => {
  expect(breaksAtLines({ tokens: ['a'], before: ' ' })).toBe(false)
})

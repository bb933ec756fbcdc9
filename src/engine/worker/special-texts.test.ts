import { expect, test } from 'vitest'
import type { LlamaModel } from './binding.ts'
import { readSpecialTexts } from './special-texts.ts'

/* Each token with its kind in the file, and with what llama.cpp makes of it. */
function read(tokens: readonly (readonly [text: string, type: number, attributes: number])[]) {
  const ggml = { tokens: tokens.map(([text]) => text), token_type: tokens.map(([, type]) => type) }
  const model = {
    _model: { getTokenAttributes: (token: number) => tokens[token]?.[2] ?? 0 },
    fileInfo: { metadata: { general: { architecture: 'llama' }, tokenizer: { ggml } } },
  }
  return readSpecialTexts(model as unknown as LlamaModel)
}

const [normal, unknown, control, userDefined, byte] = [1, 2, 3, 4, 6]

test('words and bytes are not special', () => {
  expect(
    read([
      ['the', normal, 4],
      ['<0x0A>', byte, 32],
      ['', control, 8],
    ]),
  ).toEqual({ all: [], inWords: [], control: [] })
})

test('what a vocabulary calls control or unknown only a template may write, and its own words anybody', () => {
  expect(
    read([
      ['<|im_end|>', control, 8],
      ['<unk>', unknown, 1],
      ['<tool_call>', userDefined, 16],
    ]),
  ).toEqual({
    all: ['<|im_end|>', '<unk>', '<tool_call>'],
    inWords: ['<tool_call>'],
    control: ['<|im_end|>', '<unk>'],
  })
})

test('what ends an answer is a control token, whatever the file says', () => {
  expect(read([['<end_of_turn>', normal, 12]])).toEqual({
    all: ['<end_of_turn>'],
    inWords: [],
    control: ['<end_of_turn>'],
  })
})

test.each([
  ['that llama.cpp makes a word of', control],
  ['that an older file calls a word', userDefined],
])('a control token %s is one all the same', (_, type) => {
  expect(read([['<|start|>', type, 16]])).toEqual({
    all: ['<|start|>'],
    inWords: ['<|start|>'],
    control: ['<|start|>'],
  })
})

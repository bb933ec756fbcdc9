import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inPlainWords } from './plain-words.ts'

test.each([
  [
    "Unsupported parameter: 'max_tokens' is not supported with this model.",
    'unsupported parameter … tokens is not supported with this model',
  ],
  ['messages.1.content: Input should be a valid string', 'messages … content input should be a valid string'],
  ['The model `gpt-9` does not exist', 'the model … does not exist'],
])('of %j the words that failures are told in are kept', (message, told) => {
  expect(inPlainWords(message)).toBe(told)
})

test.each(['sk-canary-71c4', 'Ihr Konto 4711', 'prénom: Aurélie', '病歴', '\u001b[2J', ''])(
  'of %j no word is left',
  message => {
    expect(inPlainWords(message)).toBeUndefined()
  },
)

test('what a message repeats of a prompt is not told, wherever it stands and however it is written', () => {
  const prompt = 'Aurélie Quexington, born 1971-03-04, takes methotrexate'
  for (const said of [
    prompt,
    `Invalid value: '${prompt}'`,
    prompt.toUpperCase(),
    JSON.stringify({ prompt }),
    encodeURI(prompt),
  ]) {
    expect(inPlainWords(said) ?? '').not.toMatch(/aur|quex|born|1971|03|takes|metho/i)
  }
})

test('however long a message is, a short one is told', () => {
  const property = fc.property(
    fc.array(fc.constantFrom('error', 'x', 'the', ' ', '\n', '😀'), { maxLength: 3000 }),
    words => {
      expect((inPlainWords(words.join(' ')) ?? '').length).toBeLessThanOrEqual(200)
    },
  )
  fc.assert(property, { numRuns: 50 })
})

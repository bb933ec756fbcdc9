import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createControlWords } from './control-words.ts'

/* Two of them overlap, and one begins with a letter of two code units. */
const control = ['<|a|>', '<|b|>', '|>x', '🜁end', 'z']
const words = createControlWords(control)

const texts = fc.array(
  fc
    .array(fc.oneof(fc.constantFrom(...control, '<|', 'a|>', '\uFDD0', '\uFDD0\uFDD0', 'a', '\n'), fc.string()))
    .map(parts => parts.join('')),
  { minLength: 1, maxLength: 4 },
)

const draw = (contents: readonly string[]): string => contents.map(content => `<|a|>${content}<|b|>`).join('')

/** The control words that are read as control tokens, in their order. */
const tokensOf = (marked: string): readonly string[] =>
  words
    .read(marked)
    .pieces.filter(({ isWords }) => !isWords)
    .flatMap(({ text }) => text.match(/<\|[ab]\|>|\|>x|🜁end/gu) ?? [])

test('of what is rendered only what the template writes is a control token', () => {
  fc.assert(
    fc.property(texts, contents => {
      const marked = draw(contents.map(content => words.mark(content)))
      expect(tokensOf(marked)).toEqual(contents.flatMap(() => ['<|a|>', '<|b|>']))
      expect(words.read(marked).text).toBe(draw(contents))
    }),
  )
})

test('a sign that a template puts around a text makes no control word of it', () => {
  const { mark, read } = createControlWords(['<|a|>', '</s>', '[I]'])
  const around = (text: string): string => `<${text}>${text}</${text}>[${text}]`
  const parts = fc.constantFrom('<|a|', '|a|', '|a|>', '/s', 's', '</s', '/s>', 'I', '[I', 'I]', ' ', '\uFDD0')
  fc.assert(
    fc.property(
      fc.array(parts, { maxLength: 3 }).map(each => each.join('')),
      text => {
        const { text: rendered, pieces } = read(`<|a|>${around(mark(text))}`)
        expect(rendered).toBe(`<|a|>${around(text)}`)
        const special = pieces.filter(({ isWords }) => !isWords).map(piece => piece.text)
        expect(special.join('').match(/<\|a\|>|<\/s>|\[I\]/g)).toEqual(['<|a|>'])
      },
    ),
  )
})

test('the pieces are the text', () => {
  fc.assert(
    fc.property(texts, contents => {
      const { text, pieces } = words.read(draw(contents.map(content => words.mark(content))))
      expect(pieces.map(piece => piece.text).join('')).toBe(text)
    }),
  )
})

test('a text without control words stays as it is, and a prompt of such texts is one piece', () => {
  const plain = 'Some <b>words</b> <| and z |> here'
  expect(words.mark(plain)).toBe(plain)
  expect(words.read(draw([plain])).pieces).toEqual([{ text: draw([plain]), isWords: false }])
})

test('a prompt is cut only where control tokens stand', () => {
  const marked = draw(['one', words.mark('two <|b|> three'), 'four'])
  expect(words.read(marked).pieces).toEqual([
    { text: '<|a|>one<|b|><|a|>', isWords: false },
    { text: 'two <|b|> three', isWords: true },
    { text: '<|b|><|a|>four<|b|>', isWords: false },
  ])
})

test('words that are excepted stay control tokens', () => {
  expect(tokensOf(words.mark('<|a|><|b|>', ['<|a|>']))).toEqual(['<|a|>'])
})

test('a model without control tokens has nothing to mark', () => {
  const none = createControlWords([])
  expect(none.read(none.mark('<|a|>\uFDD0')).text).toBe('<|a|>\uFDD0')
})

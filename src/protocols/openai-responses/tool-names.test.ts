import { describe, expect, test } from 'vitest'
import { customArguments, customInput } from './tool-names.ts'

describe('the text of a custom tool', () => {
  const text = 'say "é😀" \\ \n\t\u0001 done'

  test('is read back from its arguments', () => {
    expect(customInput(customArguments(text))).toBe(text)
  })

  test('is a beginning of it wherever its arguments are cut off', () => {
    for (const written of [customArguments(text), escaped(text)]) {
      const read = Array.from({ length: written.length + 1 }, (_, end) => customInput(written.slice(0, end)))
      for (const input of read) expect([text.startsWith(input), input.isWellFormed()]).toEqual([true, true])
      expect(read.map(({ length }) => length)).toEqual(read.map(({ length }) => length).toSorted((a, b) => a - b))
      expect(read.at(-1)).toBe(text)
    }
  })

  test.each([
    ['{"input":"a', 'a'],
    ['{"input":"a"', 'a'],
    ['{"input":"a" ', 'a'],
    [' { "input" : "a\\', 'a'],
    ['{"input":"a\\\\', 'a\\'],
    ['{"input":"a\\u00', 'a'],
    ['{"input":"a\\ud83d', 'a'],
    ['{"input":', ''],
    ['{ "in', ''],
    ['', ''],
  ])('of the arguments %s, which were cut off, is %j', (json, input) => {
    expect(customInput(json)).toBe(input)
  })

  test.each(['*** Begin', '{"other":"a"}', '{"input":1}', '{"input":"\\d"}', '["input"]', '{"input":"a"} and'])(
    'is what a model wrote otherwise: %s',
    json => {
      expect(customInput(json)).toBe(json)
    },
  )
})

/** Writes arguments as careful models do, with a space and each character as an escape. */
function escaped(text: string): string {
  const escapes = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'))
  return `{ "input": "${escapes.map(escape => `\\u${escape}`).join('')}" }`
}

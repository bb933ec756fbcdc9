import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { spliceModel } from './splice-model.ts'

function splice(body: string, model = 'new'): string {
  return Buffer.from(spliceModel(Buffer.from(body), model)).toString()
}

describe('the model of a request', () => {
  test.each([
    ['{"model":"old"}', '{"model":"new"}'],
    [' {\n "stream" : true ,\t"model" : "old" , "n":1}\n', ' {\n "stream" : true ,\t"model" : "new" , "n":1}\n'],
    ['{"a":{"model":"x"},"model":"old","b":["model","y"]}', '{"a":{"model":"x"},"model":"new","b":["model","y"]}'],
    ['{"t":"\\"model\\":\\"x\\"","model":"old"}', '{"t":"\\"model\\":\\"x\\"","model":"new"}'],
    ['{"t":"\\\\","model":"o\\"ld"}', '{"t":"\\\\","model":"new"}'],
    ['{"n":1e5,"x":null,"model":"old","y":[[]],"z":{}}', '{"n":1e5,"x":null,"model":"new","y":[[]],"z":{}}'],
  ])('of %s is changed where it stands', (body, wanted) => {
    expect(splice(body)).toBe(wanted)
  })

  test.each([
    ['said twice', '{"model":"a","model":"b"}', '{"model":"new","model":"new"}'],
    ['with escaped letters', '{"mod\\u0065l":"a"}', '{"mod\\u0065l":"new"}'],
    ['in capitals', '{"model":"a","MODEL":"b"}', '{"model":"new","MODEL":"new"}'],
    ['that is no text', '{"model":{"id":"a"}}', '{"model":"new"}'],
  ])('%s hides nothing from us that an upstream would read', (_, body, wanted) => {
    expect(splice(body)).toBe(wanted)
  })

  test('is written as JSON', () => {
    expect(splice('{"model":"a"}', 'q"\n')).toBe('{"model":"q\\"\\n"}')
  })

  test.each(['{}', '[]', '"model"', '{"a":{"model":"x"}}'])('that %s lacks is asked for', body => {
    expect(() => splice(body)).toThrow(/^model: Field required$/)
  })
})

test('whatever the body is, only the model differs', () => {
  const body = fc.dictionary(fc.string(), fc.jsonValue()).filter(fields => !Object.keys(fields).some(isModel))
  const given = fc.record({ body, old: fc.string(), model: fc.string(), space: fc.constantFrom(undefined, 1, '\t') })
  fc.assert(
    fc.property(given, ({ body, old, model, space }) => {
      const wanted = JSON.stringify({ ...body, model }, null, space)
      expect(splice(JSON.stringify({ ...body, model: old }, null, space), model)).toBe(wanted)
    }),
  )
})

function isModel(name: string): boolean {
  return name.toLowerCase() === 'model'
}
